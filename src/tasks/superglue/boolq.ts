import { halveValidation } from '../splits.ts';
import { numberedClasses } from '../text-form.ts';
import { superGlueTask } from './superglue-task.ts';

/** SuperGLUE BoolQ: does a passage answer a question with yes? */
export const boolq = superGlueTask({
  name: 'boolq',
  description: 'SuperGLUE BoolQ: yes-no questions about a passage',
  folder: 'BoolQ',
  source: field => `question: ${field('question')} passage: ${field('passage')}`,
  label: 'label',
  labels: numberedClasses(['false', 'False'], ['true', 'True']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 9_427, validation: 3_270 },
  presets: {
    search: { batchSize: 16, epochs: 15, evaluateEvery: 200 },
    retrain: { batchSize: 16, epochs: 15, evaluateEvery: 200 },
  },
});
