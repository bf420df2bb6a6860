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
