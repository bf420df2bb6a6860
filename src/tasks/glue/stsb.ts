import { halveValidation } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE STS-B: how alike are two sentences, from 0 to 5? */
export const stsb = glueTask({
  name: 'stsb',
  description: 'GLUE STS-B: similarity of two sentences, 0 to 5',
  folder: 'STS-B',
  otherNames: { label: ['score'] },
  source: field => `sentence1: ${field('sentence1')} sentence2: ${field('sentence2')}`,
  label: 'label',
  labels: undefined,
  answers: { name: 'a number from 0 to 5', write: oneDecimal, remedy: 'give a file with the scores of STS-B' },
  metric: 'pearson',
  split: halveValidation,
  rows: { train: 5_749, validation: 1_500 },
  presets: {
    search: { batchSize: 32, epochs: 40, evaluateEvery: 100 },
    retrain: { batchSize: 32, epochs: 40, evaluateEvery: 100 },
  },
});

/**
 * A score rounded to one decimal, halves to the even digit as Python's format does (2.25 gives 2.2); undefined where it is
 * no number from 0 to 5.
 */
export function oneDecimal(score: string): string | undefined {
  const value = score.trim() === '' ? Number.NaN : Number(score);
  if (!(value >= 0 && value <= 5)) return undefined;
  // Only x.25 and x.75 lie exactly between two decimals; `toFixed` rounds everything else right, and these upwards.
  const isHalfway = Number.isInteger(4 * value) && !Number.isInteger(2 * value);
  return (isHalfway ? (2 * Math.round(5 * value)) / 10 : value).toFixed(1);
}
