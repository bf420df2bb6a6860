import { glueTask } from './glue-task.ts';
import { halveValidation } from './splits.ts';

/** GLUE MRPC: do two sentences say the same? */
export const mrpc = glueTask({
  name: 'mrpc',
  description: 'GLUE MRPC: paraphrases in the news',
  folder: 'MRPC',
  source: field => `sentence1: ${field('#1 String')} sentence2: ${field('#2 String')}`,
  label: 'Quality',
  labels: { '0': '0', '1': '1' },
  labelNames: { '0': 'not_equivalent', '1': 'equivalent' },
  metric: 'f1',
  split: halveValidation,
  presets: {
    search: { batchSize: 32, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 32, epochs: 20, evaluateEvery: 50 },
  },
});
