import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { superGlueTask } from './superglue-task.ts';

/** SuperGLUE BoolQ: does a passage answer a question with yes? */
export const boolq = superGlueTask({
  name: 'boolq',
  description: 'SuperGLUE BoolQ: yes-no questions about a passage',
  folder: 'BoolQ',
  segments: fieldsAsSegments('question', 'passage'),
  label: 'label',
  classes: numberedClasses(['false', 'False'], ['true', 'True']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 9_427, validation: 3_270 },
  presets: {
    search: { batchSize: 16, epochs: 15, evaluateEvery: 200 },
    retrain: { batchSize: 16, epochs: 15, evaluateEvery: 200 },
  },
});
