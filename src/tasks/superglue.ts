import { z } from 'zod';
import { type Row, unnest } from '../data/rows/row.ts';
import { type BenchmarkTask, benchmarkTask, hubLayout } from './benchmark-task.ts';
import { fieldsAsSegments, numberedClasses } from './row-form.ts';
import { halveValidation, holdOutOfTraining } from './splits.ts';
import type { Task } from './task.ts';

/** What one SuperGLUE task says of itself. */
interface SuperGlueTask extends Omit<BenchmarkTask, 'layouts' | 'dataSet' | 'maxSourceLength'> {
  /**
   * The task's folder in SuperGLUE's own layout, with train.jsonl and val.jsonl; in lower case, its folder on the Hub.
   */
  readonly folder: string;
  /** From a line of those to rows with the Hub's columns, where lines are nested. */
  readonly unnest?: (row: Row) => readonly Row[];
  readonly maxSourceLength?: number;
}

/** Prefix of the names, which tells SuperGLUE's RTE from GLUE's. */
export const SUPERGLUE = 'superglue-';

// Maximum source length of SuperGLUE in the paper, where a task says nothing else.
const MAX_SOURCE_LENGTH = 256;

/** A task over SuperGLUE's own files, or the Hub's Parquet files. */
function superGlueTask({ folder, unnest, maxSourceLength = MAX_SOURCE_LENGTH, ...task }: SuperGlueTask): Task {
  const config = folder.toLowerCase();
  return benchmarkTask({
    ...task,
    name: `${SUPERGLUE}${task.name}`,
    dataSet: `SuperGLUE's ${folder}`,
    maxSourceLength,
    layouts: [
      {
        folders: [`superglue/${folder}`, `super_glue/${folder}`, folder, '.'],
        train: ['train.jsonl'],
        validation: ['val.jsonl'],
        unnest,
      },
      hubLayout([`superglue/${config}`, `super_glue/${config}`, config]),
    ],
  });
}

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

/** SuperGLUE COPA: which of two is the cause or the effect of a premise? */
export const copa = superGlueTask({
  name: 'copa',
  description: 'SuperGLUE COPA: choice of a plausible cause or effect',
  folder: 'COPA',
  segments: field => [
    { name: 'premise', text: field('premise') },
    { name: 'question', text: field('question') },
    ...['choice1', 'choice2'].map(name => ({ name, text: field(name), choice: true })),
  ],
  label: 'label',
  choices: true,
  classes: numberedClasses(['choice1'], ['choice2']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 400, validation: 100 },
  presets: {
    search: { batchSize: 16, epochs: 40, evaluateEvery: 20 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 20 },
  },
});

/** A line of SuperGLUE's own files: a paragraph with its questions, each with its answers. */
const paragraphLine = z.object({
  passage: z.object({
    text: z.string(),
    questions: z.array(
      z.object({
        idx: z.int(),
        question: z.string(),
        answers: z.array(z.object({ text: z.string(), label: z.int().optional() })),
      }),
    ),
  }),
});

/** SuperGLUE MultiRC: is an answer to a question about a paragraph right? Several of a question's answers may be. */
export const multirc = superGlueTask({
  name: 'multirc',
  description: 'SuperGLUE MultiRC: which answers to a question about a paragraph are right',
  folder: 'MultiRC',
  segments: field => ['question', 'answer', 'paragraph'].map(name => ({ name, text: withoutTags(field(name)) })),
  label: 'label',
  classes: numberedClasses(['False'], ['True']),
  group: field => field('idx.question'),
  unnest: row =>
    unnest(row, paragraphLine, ({ passage }) =>
      passage.questions.flatMap(({ idx, question, answers }) =>
        answers.map(({ text, label }) => ({
          paragraph: passage.text,
          question,
          answer: text,
          label: label ?? -1,
          idx: { question: idx },
        })),
      ),
    ),
  metric: 'f1',
  details: ['group-accuracy', 'accuracy'],
  split: halveValidation,
  rows: { train: 27_243, validation: 4_848 },
  presets: {
    search: { batchSize: 16, epochs: 5, evaluateEvery: 200 },
    retrain: { batchSize: 16, epochs: 10, evaluateEvery: 200 },
  },
});

// A tag with attributes or without; "x <y and z> w" is none.
const TAG = /<\/?[a-z][a-z0-9]*(?:\s+[a-z-]+=(?:"[^"]*"|'[^']*'|[^\s<>]+))*\s*\/?>/gi;

/** A line break becomes a space, other tags go. */
function withoutTags(text: string): string {
  return text.replace(/<br\s*\/?>/gi, ' ').replace(TAG, '');
}

const position = z.int().nonnegative();

/** A line of SuperGLUE's own files: a passage with its entities, and questions about it. */
const passageLine = z.object({
  passage: z.object({ text: z.string(), entities: z.array(z.object({ start: position, end: position })) }),
  qas: z.array(z.object({ query: z.string(), answers: z.array(z.object({ text: z.string() })).default([]) })),
});

/**
 * SuperGLUE ReCoRD: which of a passage's entities belongs in place of `@placeholder`? Named in words, several may be
 * right.
 */
export const record = superGlueTask({
  name: 'record',
  description: 'SuperGLUE ReCoRD: the entity that a sentence about a news passage leaves out',
  folder: 'ReCoRD',
  segments: (field, list) => [
    { name: 'query', text: field('query') },
    ...list('entities').map(text => ({ name: 'entities', text, choice: true })),
    { name: 'passage', text: withoutHighlights(field('passage')) },
  ],
  label: 'answers',
  classes: undefined,
  choices: true,
  unnest: row =>
    unnest(row, passageLine, ({ passage: { text, entities }, qas }) =>
      qas.map(({ query, answers }) => ({
        ...{ passage: text, query, entities: mentions(text, entities) },
        answers: answers.map(answer => answer.text),
      })),
    ),
  metric: 'token-f1',
  details: ['exact-match'],
  maxSourceLength: 512,
  split: holdOutOfTraining(2000),
  rows: { train: 100_730, validation: 10_000 },
  presets: {
    search: { batchSize: 8, epochs: 1, evaluateEvery: 200 },
    retrain: { batchSize: 8, epochs: 1, evaluateEvery: 200 },
  },
});

/**
 * The entities' texts, each once, in the order of the passage. Positions count code points, and `end` is the last one.
 */
function mentions(text: string, entities: readonly { start: number; end: number }[]): string[] {
  const characters = [...text];
  const inOrder = entities.toSorted((a, b) => a.start - b.start || a.end - b.end);
  return [...new Set(inOrder.map(({ start, end }) => characters.slice(start, end + 1).join('')))];
}

/** The bullet points that follow a passage become sentences of it. */
function withoutHighlights(passage: string): string {
  return passage.replace(/([.?!"'])\n@highlight\n/g, '$1 ').replace(/\n@highlight\n/g, '. ');
}
