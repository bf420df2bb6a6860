import { InputError } from '../../core/errors.ts';
import type { EncodedInput, EncodedOutput } from '../../core/program.ts';
import { type Output, piecesOf, type Segment } from '../../data/example.ts';
import { loadTextTokenizer } from '../../data/tokenizer/load-tokenizer.ts';
import type { SpecialTokenNames } from '../../data/tokenizer/special-tokens.ts';
import type { TextTokenizer, Tokenizer } from '../../data/tokenizer/tokenizer.ts';
import { fitPieces, truncatePair } from '../../data/tokenizer/truncation.ts';
import {
  answerKindOf,
  type Choosing,
  type Codec,
  type CodecOptions,
  type CodedTask,
  type InferenceInput,
} from '../codec.ts';

/**
 * What a family makes of one text, or of two that are read together: its special tokens among them, cut to a length.
 */
export type JoinTexts = (
  first: readonly number[],
  second: readonly number[] | undefined,
  maxLength: number,
) => {
  readonly input: EncodedInput;
  /** Tokens cut off in all, and of each text where both were cut by themselves. */
  readonly cut: number;
  readonly lost?: readonly [first: number, second: number];
};

/** Two texts that are read together, or one alone. */
type Texts = readonly [first: string, second?: string];

/**
 * How a model with a head reads a task and answers it: the first of an example's segments is read together with all
 * others; where it brings choices, what is asked together with each of these.
 * @throws InputError where answers are free text, and for options of models that write; when it reads, where a row has
 * no choices
 */
export function headCodec(
  tokenizer: TextTokenizer,
  task: CodedTask,
  { maxLength, sentinel = false }: CodecOptions,
  join: JoinTexts,
): Codec {
  if (sentinel) {
    throw new InputError('this model writes no answers, so none can stand after a sentinel', {
      code: 'answers-impossible',
      where: '--sentinel',
      remedy: 'leave it out',
    });
  }
  const { kind } = answerKindOf(task);
  if (kind === 'text') {
    throw new InputError(`the answers of ${task.name ?? 'this task'} are free text, and this model writes none`, {
      code: 'answers-impossible',
      remedy: 'give a task with labels, numbers or choices, or take a model that writes',
    });
  }
  const encode = ([first, second]: Texts) =>
    join(tokenizer.encode(first), second === undefined ? undefined : tokenizer.encode(second), maxLength);
  /** One text of several fields loses of the longest one, not whatever stands last. */
  const readOne = (segment: Segment): Joined => {
    const whole = join(tokenizer.encode(segment.text), undefined, maxLength);
    if (whole.cut === 0) return whole;
    const room = tokenizer.encode(segment.text).length - whole.cut;
    const { ids, lost } = fitPieces(piecesOf(segment), tokenizer.encode, room);
    return { ...join(ids, undefined, maxLength), cut: whole.cut, fields: lost };
  };
  return {
    read(segments) {
      const texts = kind === 'choice' ? textsOfChoices(segments) : [pairOf(segments)];
      const [first, ...others] =
        texts.length === 1 && segments.length === 1 ? [readOne(segments[0]!)] : texts.map(encode);
      // A task that names its choices is answered by these names.
      const choices = kind === 'choice' && !task.labels ? texts.map(([, choice]) => choice!) : undefined;
      return {
        input: { ...first!.input, ...(kind === 'choice' && { otherChoices: others.map(({ input }) => input) }) },
        text: segments.map(({ text }) => text).join(' '),
        cut: Math.max(first!.cut, ...others.map(({ cut }) => cut)),
        ...lostBy(first!, segments),
        ...(choices && { choices }),
      };
    },
    encode: encodedOutput,
    write: output =>
      'class' in output ? task.labels![output.class]! : 'value' in output ? output.spelled : output.text,
    choice: choosing(task, kind),
    form: {},
  };
}

type Joined = ReturnType<JoinTexts> & { readonly fields?: Readonly<Record<string, number>> };

/** What each part has lost, by the names of the segments that it is made of. */
function lostBy({ cut, lost, fields }: Joined, segments: readonly Segment[]) {
  if (cut === 0) return {};
  if (fields !== undefined) return { lost: fields };
  const [first, ...others] = segments.map(({ name }, i) => name ?? `text ${i + 1}`);
  const parts = [first ?? 'text', [...new Set(others)].join(' and ')];
  const known = (lost ?? []).flatMap((count, i) => (count > 0 ? [[parts[i]!, count] as const] : []));
  return known.length === 0 ? {} : { lost: Object.fromEntries(known) };
}

function pairOf(segments: readonly Segment[]): Texts {
  const [first, ...others] = segments.map(({ text }) => text);
  return others.length === 0 ? [first ?? ''] : [first!, others.join(' ')];
}

function textsOfChoices(segments: readonly Segment[]): Texts[] {
  const asked = segments.filter(({ choice }) => !choice).map(({ text }) => text);
  const choices = segments.filter(({ choice }) => choice);
  if (choices.length > 0) return choices.map(({ text }) => [asked.join(' '), text] as const);
  throw new InputError('there is nothing to choose among', {
    code: 'wrong-field-type',
    where: asked.join(' '),
    remedy: 'give each row one choice at least',
  });
}

function encodedOutput(output: Output, { choices = [] }: InferenceInput): EncodedOutput {
  if ('text' in output) {
    if (choices.includes(output.text)) return { class: choices.indexOf(output.text) };
    throw new InputError(`the answer ${JSON.stringify(output.text)} is none of the choices`, {
      code: 'unknown-label',
      where: choices.map(choice => JSON.stringify(choice)).join(', '),
      remedy: 'correct the answer, or add it to the choices of its row',
    });
  }
  return 'class' in output ? { class: output.class } : { value: output.value };
}

function choosing({ labels }: CodedTask, kind: string): Choosing {
  if (kind === 'number') return { outputs: [{ value: 0 }] };
  if (!labels) return { outputs: [] };
  return { outputs: labels.map((_, i) => ({ class: i })), labels: labels.map(name => ({ name, word: name })) };
}

/** An encoder's tokenizer, and what texts are framed with. */
export interface EncoderTokenizer extends Tokenizer {
  readonly classId: number;
}

/** How an encoder reads one text, or two together: `[CLS] first [SEP]`, `[CLS] first [SEP] second [SEP]`. */
export interface Frame {
  /** What its special tokens are called where no file names them. */
  readonly tokens: SpecialTokenNames;
  /** Separators between two texts: RoBERTa and those after it have two. */
  readonly separators: 1 | 2;
  /** Whether the second text's tokens are told from the first's by another type. */
  readonly types: boolean;
}

/** @throws InputError where the vocabulary is missing or damaged, or lacks a special token */
export async function loadEncoderTokenizer(folder: string, { tokens }: Frame): Promise<EncoderTokenizer> {
  const tokenizer = await loadTextTokenizer(folder, tokens);
  const id = (role: 'pad' | 'cls' | 'sep'): number => {
    const found = tokenizer.special[role];
    if (found !== undefined) return found;
    throw new InputError(`the vocabulary has no token ${tokens[role]}`, {
      code: 'missing-special-token',
      where: folder,
      remedy: `name it as ${role}_token in tokenizer_config.json`,
    });
  };
  // The separator ends a text.
  return { ...tokenizer, padId: id('pad'), classId: id('cls'), endId: id('sep') };
}

/** Texts in their frame; of two that are too long together the longer one is cut. */
export function joinTexts(
  { classId, endId }: Pick<EncoderTokenizer, 'classId' | 'endId'>,
  { separators, types }: Pick<Frame, 'separators' | 'types'>,
): JoinTexts {
  const between = new Array<number>(separators).fill(endId);
  return (first, second, maxLength) => {
    const framing = 1 + (second ? between.length : 0) + 1;
    const kept = truncatePair({ first, second }, maxLength - framing, 'longest_first');
    const head = [classId, ...kept.first, ...(kept.second ? between : [endId])];
    const tail = kept.second ? [...kept.second, endId] : [];
    return {
      input: { ids: [...head, ...tail], ...(types && { types: [...head.map(() => 0), ...tail.map(() => 1)] }) },
      cut: kept.cut.first + kept.cut.second,
      lost: [kept.cut.first, kept.cut.second],
    };
  };
}
