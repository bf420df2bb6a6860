import { InputError } from '../../../core/errors.ts';
import { permutation } from '../../../core/random.ts';
import type { BudgetOptions, Cost } from '../../../structure/budget.ts';
import { randomStructure } from '../../../structure/random-structure.ts';
import { chooseStructure } from '../../choose-structure.ts';

/** A structure that runs in the race. */
export interface Entrant {
  /** Where it comes from, for people. */
  readonly from: string;
  /** One answer a candidate. */
  readonly kept: readonly boolean[];
}

export interface EntrantSources extends BudgetOptions {
  readonly candidates: readonly Cost[];
  /** What the candidates are worth to a bi-level search. */
  readonly alpha: ArrayLike<number>;
  /** What they were worth to it at half of its steps. */
  readonly earlier: ArrayLike<number>;
  /** What they are worth by their gradients at the start. */
  readonly gradient: ArrayLike<number>;
  readonly seed: number;
}

/** How many structures the bi-level search enters beside its answer. */
const runnersUp = 2;

/**
 * The structures of a race, no two alike: the bi-level search's answer, what it would keep without the first module of
 * that and of the next, what it would have kept at half of its steps, the largest gradients, and random draws up to the
 * number wanted.
 * @returns fewer where the budget leaves fewer
 */
export function listEntrants(wanted: number, sources: EntrantSources): Entrant[] {
  const { candidates, alpha, earlier, gradient, seed, budget, keepInert } = sources;
  const options = { budget, keepInert };
  const entrants = new Map<string, Entrant>();
  const enter = (from: string, kept: readonly boolean[]) => {
    const key = kept.map(Number).join('');
    if (kept.includes(true) && !entrants.has(key) && entrants.size < wanted) entrants.set(key, { from, kept });
  };
  const worth = Float64Array.from(alpha);
  for (let place = 0; place <= runnersUp; place++) {
    const kept = chooseStructure(worth, candidates, options);
    enter(place === 0 ? 'the bi-level search' : `the bi-level search's runner-up ${place}`, kept);
    // Last of all, not left out: what room there is in the end is filled, as in any other structure.
    worth[best(worth, kept)] = Number.NEGATIVE_INFINITY;
  }
  enter('the bi-level search at half of its steps', chooseStructure(earlier, candidates, options));
  enter('the gradients at the start', chooseStructure(gradient, candidates, options));
  // Where few structures differ, draws repeat: there is an end to trying.
  for (let draw = 0; entrants.size < wanted && draw < 20 * wanted; draw++) {
    enter(`random draw ${draw}`, randomStructure(candidates, { ...options, seed, draw }));
  }
  return [...entrants.values()];
}

function best(worth: ArrayLike<number>, kept: readonly boolean[]): number {
  return kept.reduce((best, is, i) => (is && (best < 0 || worth[i]! > worth[best]!) ? i : best), -1);
}

/**
 * Worths that make this structure, and at a larger budget what the bi-level search would add.
 * @param alpha as for `listEntrants`
 */
export function worthOfEntrant({ kept }: Entrant, alpha: ArrayLike<number>): Float64Array {
  const rising = kept.map((_, i) => i).sort((a, b) => alpha[a]! - alpha[b]! || b - a);
  const worth = new Float64Array(kept.length);
  for (const [place, i] of rising.entries()) worth[i] = place + (kept[i] ? kept.length : 0);
  return worth;
}

/** Examples to judge by, and those that are left to train on. */
export interface HeldOut<T> {
  readonly held: readonly T[];
  readonly rest: readonly T[];
}

/** A fifth of the training set, and no more than tells a loss closely. */
const share = 0.2;
const most = 400;
const fewest = 8;

/**
 * Sets a part of the training set aside, at random: what a race judges by must not be what its entrants are trained on,
 * nor the validation part, which chooses the best checkpoint afterwards.
 * @throws InputError where too little is left to judge by
 */
export function holdOut<T>(examples: readonly T[], seed: number): HeldOut<T> {
  const size = Math.min(most, Math.floor(share * examples.length));
  if (size < fewest) {
    throw new InputError(`a race judges by a fifth of the training set, which here are ${size} examples`, {
      code: 'too-few-examples',
      remedy: `give at least ${fewest / share} training examples, or another --strategy`,
    });
  }
  const shuffled = Array.from(permutation(examples.length, seed, 'search/race'), index => examples[index]!);
  return { held: shuffled.slice(0, size), rest: shuffled.slice(size) };
}
