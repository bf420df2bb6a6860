import { fieldsAsSegments } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE STS-B: how alike are two sentences, from 0 to 5? */
export const stsb = glueTask({
  name: 'stsb',
  description: 'GLUE STS-B: similarity of two sentences, 0 to 5',
  folder: 'STS-B',
  otherNames: { label: ['score'] },
  segments: fieldsAsSegments('sentence1', 'sentence2'),
  label: 'label',
  classes: undefined,
  numbers: { name: 'a number from 0 to 5', read: similarity, remedy: 'give a file with the scores of STS-B' },
  metric: 'pearson',
  split: halveValidation,
  rows: { train: 5_749, validation: 1_500 },
  presets: {
    search: { batchSize: 32, epochs: 40, evaluateEvery: 100 },
    retrain: { batchSize: 32, epochs: 40, evaluateEvery: 100 },
  },
});

/** The similarity that a label spells; undefined where it is no number from 0 to 5. */
function similarity(label: string): number | undefined {
  const value = label.trim() === '' ? Number.NaN : Number(label);
  return value >= 0 && value <= 5 ? value : undefined;
}
