import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { superGlueTask } from './superglue-task.ts';

/** SuperGLUE RTE: does a hypothesis follow from a premise? */
export const superGlueRte = superGlueTask({
  name: 'rte',
  description: 'SuperGLUE RTE: textual entailment',
  folder: 'RTE',
  segments: fieldsAsSegments('premise', 'hypothesis'),
  label: 'label',
  classes: numberedClasses(['entailment'], ['not_entailment']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 2_490, validation: 277 },
  presets: {
    search: { batchSize: 16, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 50 },
  },
});
