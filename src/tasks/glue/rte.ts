import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE RTE: does the second sentence follow from the first? */
export const rte = glueTask({
  name: 'rte',
  description: 'GLUE RTE: textual entailment',
  folder: 'RTE',
  segments: fieldsAsSegments('sentence1', 'sentence2'),
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
