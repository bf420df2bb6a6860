import { halveValidation } from '../splits.ts';
import { numberedClasses } from '../text-form.ts';
import { glueTask } from './glue-task.ts';

/** GLUE RTE: does the second sentence follow from the first? */
export const rte = glueTask({
  name: 'rte',
  description: 'GLUE RTE: textual entailment',
  folder: 'RTE',
  source: field => `sentence1: ${field('sentence1')} sentence2: ${field('sentence2')}`,
  label: 'label',
  labels: numberedClasses(['entailment'], ['not_entailment']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 2_490, validation: 277 },
  presets: {
    search: { batchSize: 16, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 50 },
  },
});
