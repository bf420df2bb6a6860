import { glueTask } from './glue-task.ts';
import { halveValidation } from './splits.ts';

/** GLUE RTE: does the second sentence follow from the first? */
export const rte = glueTask({
  name: 'rte',
  description: 'GLUE RTE: textual entailment',
  folder: 'RTE',
  source: field => `sentence1: ${field('sentence1')} sentence2: ${field('sentence2')}`,
  label: 'label',
  labels: { entailment: '0', not_entailment: '1' },
  metric: 'accuracy',
  split: halveValidation,
  presets: {
    search: { batchSize: 16, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 50 },
  },
});
