import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE WNLI: does a sentence with its pronoun replaced follow from the original? */
export const wnli = glueTask({
  name: 'wnli',
  description: 'GLUE WNLI: pronouns as entailment',
  folder: 'WNLI',
  segments: fieldsAsSegments('sentence1', 'sentence2'),
  label: 'label',
  classes: numberedClasses(['not_entailment'], ['entailment']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 635, validation: 71 },
  // Not among the paper's tasks: RTE's sizes.
  presets: {
    search: { batchSize: 16, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 50 },
  },
});
