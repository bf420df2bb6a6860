import { permutation } from '../../../core/random.ts';
import type { DeltaModule } from '../../../core/site.ts';
import { lora } from '../../../deltas/lora.ts';
import { fillBudget } from '../../../structure/budget.ts';
import { type ChoiceOptions, chooseStructure } from '../../choose-structure.ts';

/** A structure that is trained for short before one is found. */
export interface Finalist {
  /** What it is, for people. */
  readonly from: string;
  /** One answer a candidate. */
  readonly kept: readonly boolean[];
}

/** What the first of the finalists is called. */
export const ownAnswer = "the search's own answer";

export interface FinalistSources extends ChoiceOptions {
  readonly candidates: readonly DeltaModule[];
  /** What the candidates are worth to the search. */
  readonly worth: ArrayLike<number>;
  /** What they were worth to it at half of its steps; no numbers where it did not tell. */
  readonly earlier: ArrayLike<number>;
  readonly seed: number;
}

/** What one is called that begins with what people take without a search. */
const valuesFirst = 'what it would keep after LoRA on values';

/** How many structures of other roles there are beside the search's answer. */
const otherRoles = 2;

/**
 * Structures to be trained for short, no two alike: the search's answer; what it would keep without the role on which
 * that spends most, and without the role of this one too, since searches err between roles rather than between the
 * layers of one; what it would keep once LoRA on values has all that it takes; what it would have kept at half of its
 * steps; and random draws, one at least.
 * @returns fewer where the budget leaves fewer
 */
export function listFinalists(wanted: number, sources: FinalistSources): Finalist[] {
  const { candidates, worth, earlier, seed, budget, keepInert, closed } = sources;
  const options = { budget, keepInert, ...(closed && { closed }) };
  const finalists = new Map<string, Finalist>();
  const enter = (from: string, kept: readonly boolean[], places: number) => {
    const key = kept.map(Number).join('');
    if (kept.includes(true) && !finalists.has(key) && finalists.size < places) finalists.set(key, { from, kept });
  };
  const found = Math.max(1, wanted - 1);
  const left = Float64Array.from(worth);
  const range = rangeOf(worth);
  const roles: string[] = [];
  enter(ownAnswer, chooseStructure(left, candidates, options), found);
  for (let other = 1; other <= otherRoles; other++) {
    const role = costliestRole(candidates, chooseStructure(left, candidates, options));
    if (role === undefined) break;
    roles.push(role);
    // Last of all, not left out: what room there is in the end is filled, as in any other structure.
    for (const [i, candidate] of candidates.entries()) if (roleOf(candidate) === role) left[i]! -= range;
    enter(`what it would keep without ${roles.join(' and ')}`, chooseStructure(left, candidates, options), found);
  }
  const onValues = candidates.map(isLoraOnValue);
  if (onValues.includes(true)) {
    const raised = Float64Array.from(worth, (value, i) => value + (onValues[i] ? range : 0));
    enter(valuesFirst, chooseStructure(raised, candidates, options), found);
  }
  if (!Number.isNaN(earlier[0])) {
    enter('what it would have kept half-way', chooseStructure(earlier, candidates, options), found);
  }
  // Of a stream of their own: the random structure that a run is held beside is another. Where few structures differ,
  // draws repeat: there is an end to trying.
  for (let draw = 0; finalists.size < wanted && draw < 20 * wanted; draw++) {
    const order = permutation(candidates.length, seed, 'search/finalists', draw);
    enter(`a random structure (draw ${draw})`, fillBudget(order, candidates, options), wanted);
  }
  return [...finalists.values()];
}

/**
 * Worths that make a finalist: the search's, those of what it keeps raised above all others, so that at a larger budget
 * the search has its say again.
 */
export function worthOf({ kept }: Finalist, worth: ArrayLike<number>): Float64Array {
  const range = rangeOf(worth);
  return Float64Array.from(kept, (is, i) => worth[i]! + (is ? range : 0));
}

/** What people take who do not search: LoRA on values (Hu et al., ICLR 2022, section 7.1, has them among the best). */
const isLoraOnValue = ({ kind, site }: DeltaModule) => kind === lora.kind && site.role === 'self-attention.value';

/** A kind of delta in a role, by which structures differ most: LoRA on values, a bias of outputs. */
function roleOf({ delta, site }: DeltaModule): string {
  return `${delta.label} on ${site.role}`;
}

/** That on which most parameters are spent; undefined where nothing is kept. */
function costliestRole(candidates: readonly DeltaModule[], kept: readonly boolean[]): string | undefined {
  const spent = new Map<string, number>();
  for (const [i, candidate] of candidates.entries()) {
    const role = roleOf(candidate);
    if (kept[i]) spent.set(role, (spent.get(role) ?? 0) + candidate.parameters);
  }
  const most = Math.max(...spent.values());
  return [...spent].find(([, parameters]) => parameters === most)?.[0];
}

/** More than lies between any two worths. */
function rangeOf(worth: ArrayLike<number>): number {
  const values = Array.from(worth);
  return 1 + Math.max(...values) - Math.min(...values);
}
