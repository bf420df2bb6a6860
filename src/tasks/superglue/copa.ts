import { halveValidation } from '../splits.ts';
import { numberedClasses } from '../text-form.ts';
import { superGlueTask } from './superglue-task.ts';

/** SuperGLUE COPA: which of two is the cause or the effect of a premise? */
export const copa = superGlueTask({
  name: 'copa',
  description: 'SuperGLUE COPA: choice of a plausible cause or effect',
  folder: 'COPA',
  source: field => `premise: ${field('premise')} choice1: ${field('choice1')} choice2: ${field('choice2')}`,
  label: 'label',
  labels: numberedClasses(['choice1'], ['choice2']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 400, validation: 100 },
  presets: {
    search: { batchSize: 16, epochs: 40, evaluateEvery: 20 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 20 },
  },
});
