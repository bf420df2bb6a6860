import { InputError } from '../core/errors.ts';
import { type Answering, canGenerate, type EncodedInput } from '../core/program.ts';
import { checkLabelsCanBeSpelled, encodeTarget } from '../data/encode.ts';
import type { Tokenizer } from '../data/tokenizer/tokenizer.ts';
import type { Task } from '../tasks/task.ts';

/** An answer, and where it is one of a task's labels, how sure the model is of it. */
export interface Answer {
  /** What the model answers: the likeliest label's text, or generated text. */
  readonly answer: string;
  /** The task's name of that label, e.g. `praise` where `1` is answered; absent where the answer is free text. */
  readonly label?: string;
  /** Probability of the answer among the labels, 0 to 1. */
  readonly probability?: number;
  /** The same for every label, by its name. They sum to 1. */
  readonly probabilities?: Readonly<Record<string, number>>;
}

export interface AnswerOptions extends Partial<Pick<Task, 'labels' | 'labelNames'>> {
  /** Most tokens of a generated answer. */
  readonly maxTokens: number;
}

/** Answers to encoded inputs, one each. */
export type Answerer = (inputs: readonly EncodedInput[]) => Promise<Answer[]>;

/**
 * Chooses among the labels where there are any, else generates greedily. Unlike a generation, as `evaluate` scores it,
 * a choice is always one of the labels; where a generation is one, too, and labels are single tokens, they agree.
 * @throws InputError where the vocabulary cannot spell a label, and from a call where no answer can be told from another
 */
export function answerer(
  program: Answering,
  delta: Float32Array,
  tokenizer: Tokenizer,
  { labels, labelNames, maxTokens }: AnswerOptions,
): Answerer {
  if (labels === undefined) {
    if (!canGenerate(program))
      throw new RangeError('this program writes no text, and there are no labels to choose among');
    return async inputs => {
      const generated = await program.generate(inputs, delta, undefined, { maxTokens });
      return generated.map(ids => ({ answer: tokenizer.decode(ids) }));
    };
  }
  checkLabelsCanBeSpelled(tokenizer, labels);
  const targets = labels.map(label => encodeTarget(tokenizer, label));
  const names = labels.map(label => labelNames?.get(label) ?? label);
  return async inputs => {
    const scores = await program.choose(inputs, targets, delta);
    return scores.map(logProbabilities => {
      if (!logProbabilities.every(Number.isFinite)) throw notFinite();
      const shares = softmax(logProbabilities);
      const likeliest = shares.indexOf(Math.max(...shares));
      return {
        answer: labels[likeliest]!,
        label: names[likeliest]!,
        probability: shares[likeliest]!,
        probabilities: Object.fromEntries(names.map((name, i) => [name, shares[i]!])),
      };
    });
  };
}

function notFinite(): InputError {
  return new InputError('the model gives its labels no finite probabilities', {
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
