import { InputError } from '../../core/errors.ts';
import { type Output, type Piece, piecesOf, type Segment } from '../../data/example.ts';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.ts';
import type { CodedTask } from '../codec.ts';

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
export function sourcePieces({ name }: CodedTask, segments: readonly Segment[]): readonly Piece[] {
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
