import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { type Output, type Piece, piecesOf, type Segment } from '../../data/example.ts';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.ts';
import { fitPieces } from '../../data/tokenizer/truncation.ts';
import type { Codec, CodecOptions, CodedTask } from '../codec.ts';

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

const SENTINEL = '<extra_id_0>';

/**
 * The id of the first sentinel of span corruption (Raffel et al. 2020), after which a source ends and an answer begins.
 * A model that was pre-trained on nothing else says a sentinel first whatever it has read, so a bare answer would make
 * every task begin with unlearning that.
 * @throws InputError where the vocabulary has none
 */
export function sentinelOf(tokenizer: Tokenizer): number {
  const [id, ...more] = tokenizer.encode(SENTINEL);
  if (id !== undefined && more.length === 0 && tokenizer.decode([id]) === '') return id;
  throw new InputError(`the model's vocabulary has no ${SENTINEL} to write answers after`, {
    code: 'missing-special-token',
    where: '--sentinel',
    remedy: 'leave it out: this model reads and answers plain text',
  });
}

type Written = (segments: readonly Segment[]) => readonly Piece[];

/** `name: text` of each segment; those of one name in a row are a list. */
function labelled(segments: readonly Segment[], nameOf: (name: string) => string = name => `${name}:`): Piece[] {
  let last: string | undefined;
  return segments.flatMap((segment, i) => {
    const { name = '' } = segment;
    const before = i > 0 && name === last ? ', ' : `${i > 0 ? ' ' : ''}${nameOf(name)} `;
    last = name;
    return [{ text: before }, ...piecesOf(segment)];
  });
}

/** Tasks that the authors of T5 and of S³Delta write in a form of their own. */
const ownForms: Readonly<Record<string, Written>> = {
  // The authors' text has no colon after "hypothesis".
  mnli: segments => labelled(segments, name => (name === 'hypothesis' ? name : `${name}:`)),
  // Nor do they tell whether the cause or the effect is asked for.
  'superglue-copa': segments => labelled(segments.filter(({ name }) => name !== 'question')),
  'superglue-record': segments => [{ text: 'record ' }, ...labelled(segments)],
  spam: segments => [
    { text: 'email:' },
    ...segments.flatMap(segment => (segment.text === '' ? [] : [{ text: ' ' }, ...piecesOf(segment)])),
  ],
};

/**
 * The text that a T5 reads (Raffel et al. 2020, appendix D), in pieces: the task's name, then each segment after its
 * name. A segment without a name is read as it is.
 */
function sourcePieces({ name }: CodedTask, segments: readonly Segment[]): readonly Piece[] {
  if (segments.every(segment => segment.name === undefined)) {
    return segments.flatMap((segment, i) => [...(i > 0 ? [{ text: ' ' }] : []), ...piecesOf(segment)]);
  }
  const written = (name !== undefined && Object.hasOwn(ownForms, name) ? ownForms[name]! : labelled)(segments);
  return name === undefined ? written : [{ text: `${name} ` }, ...written];
}

/** The same as one text. */
export function sourceText(task: CodedTask, segments: readonly Segment[]): string {
  return sourcePieces(task, segments)
    .map(({ text }) => text)
    .join('');
}

/** The text that a T5 answers: for a class the task's word, or else its number. */
export function answerText({ name, words }: CodedTask, output: Output): string {
  if ('text' in output) return output.text;
  if ('class' in output) return words?.[output.class] ?? String(output.class);
  return name === 'stsb' ? oneDecimal(output.value) : output.spelled;
}

/** A number rounded to one decimal, halves to the even digit as Python's format does: 2.25 gives 2.2. */
export function oneDecimal(value: number): string {
  // Only x.25 and x.75 lie exactly between two decimals; `toFixed` rounds everything else right, and these upwards.
  const isHalfway = Number.isInteger(4 * value) && !Number.isInteger(2 * value);
  return (isHalfway ? (2 * Math.round(5 * value)) / 10 : value).toFixed(1);
}
