import { numberedClasses } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { superGlueTask } from './superglue-task.ts';

/** SuperGLUE COPA: which of two is the cause or the effect of a premise? */
export const copa = superGlueTask({
  name: 'copa',
  description: 'SuperGLUE COPA: choice of a plausible cause or effect',
  folder: 'COPA',
  segments: field => [
    { name: 'premise', text: field('premise') },
    { name: 'question', text: field('question') },
    ...['choice1', 'choice2'].map(name => ({ name, text: field(name), choice: true })),
  ],
  label: 'label',
  choices: true,
  classes: numberedClasses(['choice1'], ['choice2']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 400, validation: 100 },
  presets: {
    search: { batchSize: 16, epochs: 40, evaluateEvery: 20 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 20 },
  },
});
