import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { holdOutOfTraining } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE QQP: do two questions ask the same? */
export const qqp = glueTask({
  name: 'qqp',
  description: 'GLUE QQP: duplicate questions',
  folder: 'QQP',
  otherNames: { question1: ['text_a'], question2: ['text_b'], label: ['is_duplicate'] },
  tsv: { passOverShortLines: true },
  segments: fieldsAsSegments('question1', 'question2'),
  label: 'label',
  classes: numberedClasses(['not_duplicate'], ['duplicate']),
  metric: 'f1',
  details: ['accuracy'],
  split: holdOutOfTraining(2000),
  rows: { train: 363_846, validation: 40_430 },
  presets: {
    search: { batchSize: 32, epochs: 1, evaluateEvery: 200 },
    retrain: { batchSize: 32, epochs: 3, evaluateEvery: 500 },
  },
});
