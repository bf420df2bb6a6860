import { unknownName } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import type { DeltaModule, Site } from '../core/site.ts';
import type { Deltas } from '../deltas/kinds.ts';
import { type CandidateRule, listCandidates } from './spaces.ts';

/** What a method chooses modules for. */
export interface MethodProblem {
  readonly sites: readonly Site[];
  /** Kinds of delta there are. */
  readonly deltas: Deltas;
  readonly seed: number;
  /** Whether modules may be kept that cannot change the output. */
  readonly keepInert: boolean;
  /**
   * What a search would choose from, and how many parameters it could spend.
   * @throws InputError where the budget holds no module
   */
  space(): { readonly candidates: readonly DeltaModule[]; readonly budget: number };
  /** How many trainings cost as much as a search and a training. */
  affordable(): number;
}

/** A structure that a method proposes. */
export interface Attempt {
  /** Unique among the attempts, fit for a file name; not needed for one alone, and for one that differs by its rate. */
  readonly name?: string;
  readonly modules: readonly DeltaModule[];
  /** Which of them are kept (default: all). */
  readonly kept?: readonly boolean[];
  /** What the learning rate is multiplied by (default 1). */
  readonly rate?: number;
}

/** A way to choose modules without a search: every attempt is trained, and that of the least validation loss taken. */
export interface Method {
  /** What tables call it. */
  readonly label: string;
  /** What it does, for `--help`, where its name alone does not say it: `draws one of the given budget`. */
  readonly description?: string;
  /** Whether it spends the budget that is given; others have a size of their own. */
  readonly budgeted: boolean;
  /** Fewest parameters that a budget of it may have, where that is more than the cheapest candidate of a search. */
  least?(sites: readonly Site[]): number;
  /** Whether it takes its modules from the search space that is given. */
  readonly fromSpace?: boolean;
  /** Whether it trains every weight there is: in smaller steps, and never beside weights held in 8 bits. */
  readonly trainsAllWeights?: boolean;
  /** @throws InputError where the model has no site for it, or the budget holds no module */
  attempts(problem: MethodProblem): readonly Attempt[];
}

/** Methods by their names. */
export type Methods = Readonly<Record<string, Method>>;

/** A method that puts modules where rules say, whatever the budget. */
export function manual(
  label: string,
  rules: readonly CandidateRule[],
  more: Partial<Pick<Method, 'description' | 'trainsAllWeights'>> = {},
): Method {
  return {
    label,
    ...more,
    budgeted: false,
    attempts: ({ sites, deltas }) => [{ modules: listCandidates(sites, rules, deltas) }],
  };
}

/** The method of that name, or an InputError with the nearest and all of them. */
export function methodNamed(name: string, methods: Methods): Method {
  if (!Object.hasOwn(methods, name)) throw unknownName('method', name, Object.keys(methods));
  return methods[name]!;
}

/** The modules of a method that needs no budget. @throws InputError for one that does */
export function modulesOfMethod(name: string, sites: readonly Site[], methods: Methods, deltas: Deltas): DeltaModule[] {
  const needed = () => {
    throw new InputError(`the method ${name} needs a budget`, {
      code: 'missing-setting',
      remedy: 'take a job that is given one: runTrainJob',
    });
  };
  const problem = { sites, deltas, seed: 0, keepInert: false, space: needed, affordable: needed };
  return methodNamed(name, methods)
    .attempts(problem)
    .flatMap(({ modules }) => modules);
}
