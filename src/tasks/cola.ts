import { glueTask } from './glue-task.ts';
import { halveValidation } from './splits.ts';

/** GLUE CoLA: is a sentence acceptable English? */
export const cola = glueTask({
  name: 'cola',
  description: 'GLUE CoLA: linguistic acceptability',
  folder: 'CoLA',
  columns: ['publication', 'label', 'mark', 'sentence'],
  source: field => `sentence: ${field('sentence')}`,
  label: 'label',
  labels: { '0': '0', '1': '1' },
  labelNames: { '0': 'unacceptable', '1': 'acceptable' },
  metric: 'matthews',
  split: halveValidation,
  presets: {
    search: { batchSize: 32, epochs: 15, evaluateEvery: 100 },
    retrain: { batchSize: 32, epochs: 15, evaluateEvery: 100 },
  },
});
