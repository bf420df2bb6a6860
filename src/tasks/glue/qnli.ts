import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { holdOutOfTraining } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE QNLI: does a sentence answer a question? */
export const qnli = glueTask({
  name: 'qnli',
  description: 'GLUE QNLI: question answering as entailment',
  folder: 'QNLI',
  segments: fieldsAsSegments('question', 'sentence'),
  label: 'label',
  classes: numberedClasses(['entailment'], ['not_entailment']),
  metric: 'accuracy',
  split: holdOutOfTraining(2000),
  rows: { train: 104_743, validation: 5_463 },
  presets: {
    search: { batchSize: 32, epochs: 4, evaluateEvery: 200 },
    retrain: { batchSize: 32, epochs: 4, evaluateEvery: 200 },
  },
});
