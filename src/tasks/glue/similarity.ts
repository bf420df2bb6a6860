import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation, holdOutOfTraining } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE MRPC: do two sentences say the same? */
export const mrpc = glueTask({
  name: 'mrpc',
  description: 'GLUE MRPC: paraphrases in the news',
  folder: 'MRPC',
  otherNames: { sentence1: ['#1 String'], sentence2: ['#2 String'], label: ['Quality'] },
  segments: fieldsAsSegments('sentence1', 'sentence2'),
  label: 'label',
  classes: numberedClasses(['not_equivalent'], ['equivalent']),
  metric: 'f1',
  details: ['accuracy'],
  split: halveValidation,
  rows: { train: 3_668, validation: 408 },
  presets: {
    search: { batchSize: 32, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 32, epochs: 20, evaluateEvery: 50 },
  },
});

/** GLUE QQP: do two questions ask the same? */
export const qqp = glueTask({
  name: 'qqp',
  description: 'GLUE QQP: duplicate questions',
  folder: 'QQP',
  otherNames: { question1: ['text_a'], question2: ['text_b'], label: ['is_duplicate'] },
  tsv: { passOverShortLines: true },
  segments: fieldsAsSegments('question1', 'question2'),
  label: 'label',
  classes: numberedClasses(['not_duplicate'], ['duplicate']),
  metric: 'f1',
  details: ['accuracy'],
  split: holdOutOfTraining(2000),
  rows: { train: 363_846, validation: 40_430 },
  presets: {
    search: { batchSize: 32, epochs: 1, evaluateEvery: 200 },
    retrain: { batchSize: 32, epochs: 3, evaluateEvery: 500 },
  },
});

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
