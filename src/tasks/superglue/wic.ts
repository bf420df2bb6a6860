import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { superGlueTask } from './superglue-task.ts';

/** SuperGLUE WiC: does a word mean the same in two sentences? */
export const wic = superGlueTask({
  name: 'wic',
  description: 'SuperGLUE WiC: a word in two contexts',
  folder: 'WiC',
  segments: fieldsAsSegments('sentence1', 'sentence2', 'word'),
  label: 'label',
  classes: numberedClasses(['false', 'False'], ['true', 'True']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 5_428, validation: 638 },
  presets: {
    search: { batchSize: 16, epochs: 20, evaluateEvery: 100 },
    retrain: { batchSize: 16, epochs: 20, evaluateEvery: 100 },
  },
});
