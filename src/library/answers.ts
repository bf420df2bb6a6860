import { InputError } from '../core/errors.ts';
import type { Answering } from '../core/program.ts';
import { type Choosing, type Codec, type InferenceInput, labelsOf, outputsOf } from '../models/codec.ts';
import { batchAnswerer } from './scoring.ts';

/** An answer, and where it is one of a task's labels, how sure the model is of it. */
export interface Answer {
  /** What the model answers: the likeliest label's word, generated text, or a number. */
  readonly answer: string;
  /** The task's name of that label, e.g. `praise` where `1` is answered; absent where the answer is none. */
  readonly label?: string;
  /** Probability of the answer among the labels, 0 to 1. */
  readonly probability?: number;
  /** The same for every label, by its name. They sum to 1. */
  readonly probabilities?: Readonly<Record<string, number>>;
}

/** Answers to what is asked, one each. */
export type Answerer = (asked: readonly InferenceInput[]) => Promise<Answer[]>;

/**
 * Chooses among the labels where there are any, else generates greedily. Unlike a generation, as `evaluate` scores it,
 * a choice is always one of the labels; where a generation is one, too, and labels are single tokens, they agree.
 * @throws RangeError where the program cannot answer; InputError from a call where no answer can be told from another
 */
export function answerer(program: Answering, delta: Float32Array, codec: Pick<Codec, 'choice' | 'writing'>): Answerer {
  if (codec.choice !== undefined) return chooser(program, delta, codec.choice);
  const write = batchAnswerer(program, { codec, answers: 'generate' }, { delta });
  return async asked => (await write(asked)).map(answer => ({ answer }));
}

function chooser(program: Answering, delta: Float32Array, choice: Choosing): Answerer {
  return async asked => {
    const inputs = asked.map(({ input }) => input);
    const scores = await program.choose(inputs, outputsOf(choice, asked), delta);
    return scores.map((each, i): Answer => {
      const labels = labelsOf(choice, asked[i]!);
      const known = each.subarray(0, labels?.length ?? 1);
      if (!known.every(Number.isFinite)) throw notFinite();
      if (labels === undefined) return { answer: String(known[0]!) };
      const shares = softmax(known);
      const likeliest = shares.indexOf(Math.max(...shares));
      const { word, name } = labels[likeliest]!;
      return {
        answer: word,
        label: name,
        probability: shares[likeliest]!,
        probabilities: Object.fromEntries(labels.map((label, column) => [label.name, shares[column]!])),
      };
    });
  };
}

function notFinite(): InputError {
  return new InputError('the model gives its labels no finite probabilities', {
    code: 'not-finite',
    remedy: 'its weights are damaged: `s3delta doctor` checks the built-in one, others are to be downloaded again',
  });
}

/** exp xᵢ / Σⱼ exp xⱼ, the largest taken off first so that nothing overflows. */
function softmax(values: Float64Array): number[] {
  const largest = Math.max(...values);
  const powers = Array.from(values, value => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map(power => power / sum);
}
