import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { holdOutOfTraining } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE MNLI: does a hypothesis follow from a premise, contradict it, or neither? */
export const mnli = glueTask({
  name: 'mnli',
  description: 'GLUE MNLI: textual entailment over ten genres (matched)',
  folder: 'MNLI',
  otherNames: { premise: ['sentence1', 'text_a'], hypothesis: ['sentence2', 'text_b'], label: ['gold_label'] },
  tsv: { validation: 'dev_matched.tsv' },
  hubValidation: 'validation_matched',
  segments: fieldsAsSegments('premise', 'hypothesis'),
  label: 'label',
  classes: numberedClasses(['entailment'], ['neutral'], ['contradiction']),
  metric: 'accuracy',
  split: holdOutOfTraining(2000),
  rows: { train: 392_702, validation: 9_815 },
  presets: {
    search: { batchSize: 32, epochs: 1, evaluateEvery: 200 },
    retrain: { batchSize: 32, epochs: 3, evaluateEvery: 500 },
  },
});
