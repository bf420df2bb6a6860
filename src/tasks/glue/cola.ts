import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE CoLA: is a sentence acceptable English? */
export const cola = glueTask({
  name: 'cola',
  description: 'GLUE CoLA: linguistic acceptability',
  folder: 'CoLA',
  tsv: { columns: ['publication', 'label', 'mark', 'sentence'] },
  segments: fieldsAsSegments('sentence'),
  label: 'label',
  classes: numberedClasses(['unacceptable'], ['acceptable']),
  metric: 'matthews',
  split: halveValidation,
  rows: { train: 8_551, validation: 1_043 },
  presets: {
    search: { batchSize: 32, epochs: 15, evaluateEvery: 100 },
    retrain: { batchSize: 32, epochs: 15, evaluateEvery: 100 },
  },
});
