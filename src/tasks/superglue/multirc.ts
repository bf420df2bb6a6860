import { z } from 'zod';
import { unnest } from '../../data/rows/unnest.ts';
import { numberedClasses } from '../row-form.ts';
import { halveValidation } from '../splits.ts';
import { superGlueTask } from './superglue-task.ts';

/** A line of SuperGLUE's own files: a paragraph with its questions, each with its answers. */
const nested = z.object({
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
    unnest(row, nested, ({ passage }) =>
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
