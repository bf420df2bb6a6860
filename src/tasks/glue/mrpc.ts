import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE MRPC: do two sentences say the same? */
export const mrpc = glueTask({
  name: 'mrpc',
  description: 'GLUE MRPC: paraphrases in the news',
  folder: 'MRPC',
  otherNames: { sentence1: ['#1 String'], sentence2: ['#2 String'], label: ['Quality'] },
  segments: fieldsAsSegments('sentence1', 'sentence2'),
  label: 'label',
  classes: numberedClasses(['not_equivalent'], ['equivalent']),
  metric: 'f1',
  details: ['accuracy'],
  split: halveValidation,
  rows: { train: 3_668, validation: 408 },
  presets: {
    search: { batchSize: 32, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 32, epochs: 20, evaluateEvery: 50 },
  },
});
