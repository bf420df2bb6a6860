import { InputError } from '../../core/errors.ts';

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
