import { type BenchmarkTask, benchmarkTask, hubLayout, type Layout } from './benchmark-task.ts';
import { fieldsAsSegments, numberedClasses } from './row-form.ts';
import { halveValidation, holdOutOfTraining } from './splits.ts';
import type { Task } from './task.ts';

/** What one GLUE task says of itself. */
interface GlueTask extends Omit<BenchmarkTask, 'layouts' | 'dataSet' | 'maxSourceLength'> {
  /** The task's folder in GLUE's own layout, with train.tsv and dev.tsv. */
  readonly folder: string;
  /** How those are read, and what the validation set is called where it is not dev.tsv. */
  readonly tsv?: Pick<Layout, 'columns' | 'passOverShortLines'> & { readonly validation?: string };
  /** Name of the validation set in the Hub's files, where it has another. */
  readonly hubValidation?: string;
}

// Maximum source length of GLUE in the paper.
const MAX_SOURCE_LENGTH = 128;

/** A task over GLUE's own files, the Hub's Parquet files, or a sample of it in JSON. */
function glueTask({ folder, tsv = {}, hubValidation, ...glue }: GlueTask): Task {
  const { validation = 'dev.tsv', ...options } = tsv;
  const own = [`glue/${folder}`, folder];
  return benchmarkTask({
    ...glue,
    dataSet: `GLUE's ${folder}`,
    maxSourceLength: MAX_SOURCE_LENGTH,
    layouts: [
      { folders: [...own, '.'], train: ['train.tsv'], validation: [validation], ...options },
      hubLayout([`glue/${glue.name}`, glue.name], hubValidation),
      { folders: own, train: ['sample*.train.json'], validation: ['sample*.dev.json'] },
    ],
  });
}

/** GLUE CoLA: is a sentence acceptable English? */
export const cola = glueTask({
  name: 'cola',
  description: 'GLUE CoLA: linguistic acceptability',
  folder: 'CoLA',
  tsv: { columns: ['publication', 'label', 'mark', 'sentence'] },
  segments: fieldsAsSegments('sentence'),
  label: 'label',
  classes: numberedClasses(['unacceptable'], ['acceptable']),
  metric: 'matthews',
  split: halveValidation,
  rows: { train: 8_551, validation: 1_043 },
  presets: {
    search: { batchSize: 32, epochs: 15, evaluateEvery: 100 },
    retrain: { batchSize: 32, epochs: 15, evaluateEvery: 100 },
  },
});

/** GLUE SST-2: is a movie review's phrase positive? */
export const sst2 = glueTask({
  name: 'sst2',
  description: 'GLUE SST-2: sentiment of movie review phrases',
  folder: 'SST-2',
  segments: fieldsAsSegments('sentence'),
  label: 'label',
  classes: numberedClasses(['negative'], ['positive']),
  metric: 'accuracy',
  split: holdOutOfTraining(2000),
  rows: { train: 67_349, validation: 872 },
  presets: {
    search: { batchSize: 32, epochs: 5, evaluateEvery: 150 },
    retrain: { batchSize: 32, epochs: 5, evaluateEvery: 150 },
  },
});

/** GLUE MNLI: does a hypothesis follow from a premise, contradict it, or neither? */
export const mnli = glueTask({
  name: 'mnli',
  description: 'GLUE MNLI: textual entailment over ten genres (matched)',
  folder: 'MNLI',
  otherNames: { premise: ['sentence1', 'text_a'], hypothesis: ['sentence2', 'text_b'], label: ['gold_label'] },
  tsv: { validation: 'dev_matched.tsv' },
  hubValidation: 'validation_matched',
  segments: fieldsAsSegments('premise', 'hypothesis'),
  label: 'label',
  classes: numberedClasses(['entailment'], ['neutral'], ['contradiction']),
  metric: 'accuracy',
  split: holdOutOfTraining(2000),
  rows: { train: 392_702, validation: 9_815 },
  presets: {
    search: { batchSize: 32, epochs: 1, evaluateEvery: 200 },
    retrain: { batchSize: 32, epochs: 3, evaluateEvery: 500 },
  },
});

/** GLUE QNLI: does a sentence answer a question? */
export const qnli = glueTask({
  name: 'qnli',
  description: 'GLUE QNLI: question answering as entailment',
  folder: 'QNLI',
  segments: fieldsAsSegments('question', 'sentence'),
  label: 'label',
  classes: numberedClasses(['entailment'], ['not_entailment']),
  metric: 'accuracy',
  split: holdOutOfTraining(2000),
  rows: { train: 104_743, validation: 5_463 },
  presets: {
    search: { batchSize: 32, epochs: 4, evaluateEvery: 200 },
    retrain: { batchSize: 32, epochs: 4, evaluateEvery: 200 },
  },
});

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

/** GLUE WNLI: does a sentence with its pronoun replaced follow from the original? */
export const wnli = glueTask({
  name: 'wnli',
  description: 'GLUE WNLI: pronouns as entailment',
  folder: 'WNLI',
  segments: fieldsAsSegments('sentence1', 'sentence2'),
  label: 'label',
  classes: numberedClasses(['not_entailment'], ['entailment']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 635, validation: 71 },
  // Not among the paper's tasks: RTE's sizes.
  presets: {
    search: { batchSize: 16, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 50 },
  },
});

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
