import { z } from 'zod';
import { unnest } from '../../data/rows/unnest.ts';
import { holdOutOfTraining } from '../splits.ts';
import { superGlueTask } from './superglue-task.ts';

const position = z.int().nonnegative();

/** A line of SuperGLUE's own files: a passage with its entities, and questions about it. */
const nested = z.object({
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
    unnest(row, nested, ({ passage: { text, entities }, qas }) =>
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
