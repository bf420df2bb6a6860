import { InputError } from '../../core/errors.ts';
import type { Piece } from '../example.ts';

/** Ids of two texts that are read together, or of one alone. */
export interface Pair {
  readonly first: readonly number[];
  readonly second?: readonly number[] | undefined;
}

/** A pair that has room, and how many ids of each part were cut off its end. */
export interface CutPair {
  readonly first: number[];
  readonly second?: number[];
  readonly cut: { readonly first: number; readonly second: number };
}

type Lengths = readonly [first: number, second: number];

/** How long the parts may be, given how long they are and how many ids there is room for in all. */
type Strategy = (lengths: Lengths, room: number) => Lengths;

/** Ways to cut a pair that is too long, by the names they have in transformers. */
const STRATEGIES = {
  /** The longer part is cut down to the shorter one, then both alike: neither may crowd the other out. */
  longest_first: ([first, second], room) => {
    const shorter = Math.min(first, second);
    if (2 * shorter > room) {
      const half = Math.floor(room / 2);
      return first <= second ? [half, room - half] : [room - half, half];
    }
    return first <= second ? [first, room - first] : [room - second, second];
  },
  only_first: ([, second], room) => [room - second, second],
  only_second: ([first], room) => [first, room - first],
} as const satisfies Readonly<Record<string, Strategy>>;

export type TruncationStrategy = keyof typeof STRATEGIES;

export const truncationStrategies = Object.keys(STRATEGIES) as readonly TruncationStrategy[];

/**
 * Cuts a pair at the ends of its parts so that both together have no more than `room` ids, special tokens not counted:
 * the same ids stay as with transformers' tokenizers of the same strategy. One text alone is cut at its end.
 * @throws InputError where the strategy leaves nothing of the part that it may cut
 */
export function truncatePair(pair: Pair, room: number, strategy: TruncationStrategy): CutPair {
  const { first, second } = pair;
  const lengths: Lengths = [first.length, second?.length ?? 0];
  const [keepFirst, keepSecond] = keptLengths(lengths, room, second === undefined ? 'longest_first' : strategy);
  const kept = { first: first.slice(0, keepFirst), ...(second && { second: second.slice(0, keepSecond) }) };
  return { ...kept, cut: { first: lengths[0] - keepFirst, second: lengths[1] - keepSecond } };
}

function keptLengths(lengths: Lengths, room: number, strategy: TruncationStrategy): Lengths {
  if (lengths[0] + lengths[1] <= room) return lengths;
  if (room <= 0) return [0, 0];
  const kept = STRATEGIES[strategy](lengths, room);
  const cutsAway = kept.some((length, i) => length < 0 || (length === 0 && lengths[i]! > 0));
  if (strategy === 'longest_first' || !cutsAway) return kept;
  throw new InputError(`no room is left: ${lengths[0]} + ${lengths[1]} ids are to become ${room} by ${strategy}`, {
    code: 'no-room-for-text',
    remedy: 'cut by longest_first, or allow longer texts',
  });
}

/** Ids of a text that has room, and what it took. */
export interface FittedText {
  readonly ids: number[];
  /** How many tokens were cut off. */
  readonly cut: number;
  /** The same of each field that has lost some. */
  readonly lost: Readonly<Record<string, number>>;
}

/** Cutting and encoding anew may take more tokens at the seams than were counted; so often it is tried again. */
const ATTEMPTS = 4;

/**
 * Encodes a text that is put together from pieces, in at most `room` ids. What is too long loses the end of its longest
 * field until the others are as long, then of all of these alike: no field may crowd another out, and the task's own
 * words stay. A field at the text's end loses ids; one before it loses letters, and the text is encoded anew.
 */
export function fitPieces(pieces: readonly Piece[], encode: (text: string) => number[], room: number): FittedText {
  const ids = encode(joined(pieces));
  const excess = ids.length - room;
  if (excess <= 0) return { ids, cut: 0, lost: {} };
  const lengths = pieces.map(({ text, field }) => (field === undefined ? 0 : encode(text).length));
  let kept = longestFirst(lengths, excess);
  const isCut = (i: number) => kept[i]! < lengths[i]!;
  let fitted = ids;
  if (pieces.some((_, i) => isCut(i) && i < pieces.length - 1)) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const shorter = pieces.map((piece, i) => (isCut(i) ? { text: prefix(piece.text, kept[i]!, encode) } : piece));
      fitted = encode(joined(shorter));
      if (fitted.length <= room) break;
      kept = longestFirst(kept, fitted.length - room);
    }
  }
  const lost: Record<string, number> = {};
  for (const [i, { field }] of pieces.entries()) {
    if (field !== undefined && isCut(i)) lost[field] = (lost[field] ?? 0) + lengths[i]! - kept[i]!;
  }
  const rest = fitted.slice(0, Math.max(0, room));
  return { ids: rest, cut: ids.length - rest.length, lost };
}

const joined = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join('');

/** Lengths that are shorter by `excess` in all, the longest first; zeros where there is less. */
function longestFirst(lengths: readonly number[], excess: number): number[] {
  let left = Math.max(0, lengths.reduce((sum, length) => sum + length, 0) - excess);
  const kept = [...lengths];
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[a]! - lengths[b]!);
  for (const [place, i] of order.entries()) {
    kept[i] = Math.min(lengths[i]!, Math.floor(left / (order.length - place)));
    left -= kept[i];
  }
  return kept;
}

/** The longest beginning of a text that takes no more than so many ids, found by halving. */
function prefix(text: string, most: number, encode: (text: string) => number[]): string {
  const characters = [...text];
  const take = (count: number) => characters.slice(0, count).join('').trimEnd();
  let [fits, tooLong] = [0, characters.length + 1];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (encode(take(middle)).length <= most) fits = middle;
    else tooLong = middle;
  }
  return take(fits);
}
