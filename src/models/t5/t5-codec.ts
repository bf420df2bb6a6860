import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.ts';
import { fitPieces } from '../../data/tokenizer/truncation.ts';
import type { Codec, CodecOptions, CodedTask } from '../codec.ts';
import { answerText, sentinelOf, sourcePieces } from './text-form.ts';

/** Most tokens of an answer where a task's answers are free text and it does not say. */
const freeTextTokens = 16;

/** What a checkpoint's config.json may say of how it was pre-trained; no key of transformers does. */
const pretraining = z.looseObject({ answers_after_sentinel: z.boolean().default(false) });

/** Whether a model says a sentinel before it answers, by its config.json. */
function answersAfterSentinel(config: unknown): boolean {
  const parsed = pretraining.safeParse(config);
  return parsed.success && parsed.data.answers_after_sentinel;
}

/**
 * Texts in and out: a source ends in the end-of-sequence id, and so does an answer; a sentinel, where there is one,
 * closes the one and opens the other. Unless an option says so, config.json says whether there is one.
 * @throws InputError where the vocabulary cannot spell a label or has no sentinel
 */
export function t5Codec(
  config: unknown,
  tokenizer: Tokenizer,
  task: CodedTask,
  { maxLength, sentinel = answersAfterSentinel(config) }: CodecOptions,
): Codec {
  const opening = sentinel ? [sentinelOf(tokenizer)] : [];
  const ending = [...opening, tokenizer.endId];
  const idsOf = (answer: string): number[] => [...opening, ...tokenizer.encode(answer), tokenizer.endId];
  const labels = task.labels?.map((name, number) => ({ name, word: answerText(task, { class: number }) }));
  for (const { word } of labels ?? []) checkSpelling(tokenizer, word);
  return {
    read(segments) {
      const pieces = sourcePieces(task, segments);
      const { ids, cut, lost } = fitPieces(pieces, tokenizer.encode, maxLength - ending.length);
      const text = pieces.map(piece => piece.text).join('');
      return { input: { ids: [...ids, ...ending] }, text, cut, ...(cut > 0 && { lost }) };
    },
    encode: output => ({ ids: idsOf(answerText(task, output)) }),
    write: output => ('text' in output ? spelled(tokenizer, output.text) : answerText(task, output)),
    ...(labels && { choice: { labels, outputs: labels.map(({ word }) => ({ ids: idsOf(word) })) } }),
    writing: {
      maxTokens: labels
        ? Math.max(...labels.map(({ word }) => idsOf(word).length))
        : opening.length + (task.maxTargetLength ?? freeTextTokens),
      decode: ids => tokenizer.decode(ids),
    },
    form: { sentinel },
  };
}

/**
 * A text as the vocabulary spells it: what a perfect model would be read to say. Where nothing is left of it, it is
 * told apart from others as it is.
 */
function spelled({ encode, decode }: Tokenizer, text: string): string {
  const said = decode(encode(text));
  return said.trim() === '' ? text : said;
}

/** A label that the vocabulary cannot spell could never be answered. */
function checkSpelling(tokenizer: Tokenizer, word: string): void {
  const spelled = tokenizer.decode(tokenizer.encode(word));
  if (spelled === word) return;
  throw new InputError(
    `the model's vocabulary spells the label ${JSON.stringify(word)} as ${JSON.stringify(spelled)}`,
    { code: 'label-unspellable', remedy: 'map the labels to other words in the task file, plain ones or digits' },
  );
}
