import { halveValidation } from '../splits.ts';
import { numberedClasses } from '../text-form.ts';
import { superGlueTask } from './superglue-task.ts';

/** SuperGLUE WiC: does a word mean the same in two sentences? */
export const wic = superGlueTask({
  name: 'wic',
  description: 'SuperGLUE WiC: a word in two contexts',
  folder: 'WiC',
  source: field => `sentence1: ${field('sentence1')} sentence2: ${field('sentence2')} word: ${field('word')}`,
  label: 'label',
  labels: numberedClasses(['false', 'False'], ['true', 'True']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 5_428, validation: 638 },
  presets: {
    search: { batchSize: 16, epochs: 20, evaluateEvery: 100 },
    retrain: { batchSize: 16, epochs: 20, evaluateEvery: 100 },
  },
});
