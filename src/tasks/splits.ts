import { permutation } from '../core/random.ts';
import { type Example, groupsOf } from '../data/example.ts';
import type { OriginalSplits, TaskData } from './task.ts';

/** How the sets of a run are drawn from the data set's own parts. Examples of one group always fall into one set. */
export type Splitter = (original: OriginalSplits, seed: number) => TaskData;

const STREAM = 'tasks/split';

/** The examples in an order drawn from the seed, those of one group together. */
function shuffled(examples: readonly Example[], seed: number): Example[][] {
  const groups = groupsOf(examples);
  return Array.from(permutation(groups.length, seed, STREAM), i => groups[i]!);
}

/** The first groups that hold at least `count` examples, and the rest. */
function cut(groups: readonly Example[][], count: number): [Example[], Example[][]] {
  let taken = 0;
  let at = 0;
  while (at < groups.length && taken < count) taken += groups[at++]!.length;
  return [groups.slice(0, at).flat(), groups.slice(at)];
}

/** Shares of a pool that is all there is of a data set, so that each set gets enough. */
const EVERYTHING = { validation: 0.2, test: 0.2 };

/** Where the training set is missing, the validation set is dealt out in its place. */
function orDealValidation(split: Splitter): Splitter {
  return (original, seed) => {
    const { train, validation = [] } = original;
    if (train.length > 0) return split(original, seed);
    const dealt = dealPool(EVERYTHING.validation, EVERYTHING.test)({ train: validation }, seed);
    return { ...dealt, note: `the training set is missing, so the validation set is shared out: ${dealt.note}` };
  };
}

/** The paper's split of small tasks: the original validation set is halved at random into D_val and D_test. */
export const halveValidation: Splitter = orDealValidation(({ train, validation = [] }, seed) => {
  const [first, second] = cut(shuffled(validation, seed), Math.floor(validation.length / 2));
  return {
    train,
    validation: first,
    test: second.flat(),
    note: 'validation and test are random halves of the original validation set',
  };
});

// Of a sample of a large data set the paper's 2,000 rows would leave too few to train on.
const HELD_OUT_MOST_SHARE = 0.2;

/**
 * The paper's split of large tasks: `count` random training rows become D_val, the original validation set D_test. Of a
 * sample so small that they would be more than a fifth of it, a fifth is held out.
 */
export function holdOutOfTraining(count: number): Splitter {
  return orDealValidation(({ train, validation = [] }, seed) => {
    const share = Math.floor(train.length * HELD_OUT_MOST_SHARE);
    const [held, rest] = cut(shuffled(train, seed), Math.min(count, Math.max(1, share)));
    const why = share < count ? ` (a fifth of them: the usual ${count} are too many of ${train.length})` : '';
    return {
      train: rest.flat(),
      validation: held,
      test: validation,
      note: `validation is ${held.length} random training rows${why}, test the original validation set`,
    };
  });
}

/** One pool of examples, dealt at random; the shares are of validation and test, training takes the rest. */
export function dealPool(validationShare: number, testShare: number): Splitter {
  return ({ train: pool }, seed) => {
    const [validation, others] = cut(shuffled(pool, seed), Math.round(pool.length * validationShare));
    const [test, rest] = cut(others, Math.round(pool.length * testShare));
    const percent = (share: number) => `${Math.round(100 * share)} %`;
    return {
      train: rest.flat(),
      validation,
      test,
      note: `${percent(validationShare)} validation and ${percent(testShare)} test, dealt at random`,
    };
  };
}

const HELD_OUT_SHARE = 0.1;
const HELD_OUT_MOST = 2000;

/**
 * The split of a user's files, whichever of them there are:
 * without a test file the validation file is halved at random; without a validation file a tenth of the training
 * rows (at most 2,000) is held out for it; without both, a tenth for each.
 */
export const fillFromWhatIsThere: Splitter = (original, seed) => {
  const { train, validation, test } = original;
  if (validation !== undefined && test !== undefined) {
    return { train, validation, test, note: 'validation and test are as given' };
  }
  if (validation !== undefined) return halveValidation(original, seed);
  const share = Math.min(HELD_OUT_MOST, Math.max(1, Math.floor(train.length * HELD_OUT_SHARE)));
  const [first, others] = cut(shuffled(train, seed), share);
  if (test !== undefined) {
    return { train: others.flat(), validation: first, test, note: `validation is ${share} random training rows` };
  }
  const [second, rest] = cut(others, share);
  return {
    train: rest.flat(),
    validation: first,
    test: second,
    note: `validation and test are ${share} random training rows each`,
  };
};
