import type { TextExample } from '../data/encode.ts';
import { InputError } from '../errors.ts';
import { permutation } from '../training/random.ts';
import type { OriginalSplits, TaskData } from './task.ts';

/** How the sets of a run are drawn from the data set's own parts. */
export type Splitter = (original: OriginalSplits, seed: number) => TaskData;

const STREAM = 'tasks/split';

/** The examples in an order drawn from the seed. */
function shuffled(examples: readonly TextExample[], seed: number): TextExample[] {
  return [...permutation(examples.length, seed, STREAM)].map(i => examples[i]!);
}

function cut(examples: readonly TextExample[], at: number): [TextExample[], TextExample[]] {
  return [examples.slice(0, at), examples.slice(at)];
}

/** The paper's split of small tasks: the original validation set is halved at random into D_val and D_test. */
export const halveValidation: Splitter = ({ train, validation = [] }, seed) => {
  const [first, second] = cut(shuffled(validation, seed), Math.floor(validation.length / 2));
  return {
    train,
    validation: first,
    test: second,
    note: 'validation and test are random halves of the original validation set',
  };
};

/** The paper's split of large tasks: `count` random training rows become D_val, the original validation set D_test. */
export function holdOutOfTraining(count: number): Splitter {
  return ({ train, validation = [] }, seed) => {
    if (train.length <= count) {
      throw new InputError(
        `only ${train.length} training rows, and ${count} of them are to become the validation set`,
        {
          remedy: `give a training file with more than ${count} rows`,
        },
      );
    }
    const [held, rest] = cut(shuffled(train, seed), count);
    return {
      train: rest,
      validation: held,
      test: validation,
      note: `validation is ${count} random training rows, test the original validation set`,
    };
  };
}

/** One pool of examples, dealt at random; the shares are of validation and test, training takes the rest. */
export function dealPool(validationShare: number, testShare: number): Splitter {
  return ({ train }, seed) => {
    const pool = shuffled(train, seed);
    const [validation, others] = cut(pool, Math.round(pool.length * validationShare));
    const [test, rest] = cut(others, Math.round(pool.length * testShare));
    const percent = (share: number) => `${Math.round(100 * share)} %`;
    return {
      train: rest,
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
    return { train: others, validation: first, test, note: `validation is ${share} random training rows` };
  }
  const [second, rest] = cut(others, share);
  return {
    train: rest,
    validation: first,
    test: second,
    note: `validation and test are ${share} random training rows each`,
  };
};
