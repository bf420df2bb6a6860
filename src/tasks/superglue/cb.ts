import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { superGlueTask } from './superglue-task.ts';

/** SuperGLUE CB: is the writer committed to an embedded clause? */
export const cb = superGlueTask({
  name: 'cb',
  description: 'SuperGLUE CB: commitment to an embedded clause',
  folder: 'CB',
  segments: fieldsAsSegments('premise', 'hypothesis'),
  label: 'label',
  classes: numberedClasses(['entailment'], ['contradiction'], ['neutral']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 250, validation: 56 },
  presets: {
    search: { batchSize: 16, epochs: 60, evaluateEvery: 20 },
    retrain: { batchSize: 16, epochs: 60, evaluateEvery: 20 },
  },
});
