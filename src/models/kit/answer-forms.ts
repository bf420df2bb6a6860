import { logSumExp } from '../../core/arrays.ts';
import type { EncodedExample, EncodedInput, EncodedOutput } from '../../core/program.ts';
import type { Initializer } from '../../deltas/delta.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, gather, mul, reduceSum, reshape, sub } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feeds } from '../../runtime/session.ts';
import type { AnswerKind } from '../codec.ts';
import { MASKED } from './padding.ts';
import { crossEntropy } from './step-graphs.ts';

/** How numbers that a head gives for each text become an answer, its loss and its scores. */
export interface AnswerForm {
  /** Numbers that the head gives for a text. */
  readonly numbers: number;
  /** How the bias of the head's last layer begins, where no checkpoint has trained it (default: at 0). */
  readonly freshBias?: Initializer;
  /** The texts that are read for some inputs, each with its own row of numbers. */
  textsOf(inputs: readonly EncodedInput[]): readonly EncodedInput[];
  /** From the head's numbers [batch, numbers] to logits [inputs, classes]. */
  logits(graph: Graph, numbers: Value): Value;
  /** What that reads beside the texts. */
  logitsFeeds(inputs: readonly EncodedInput[]): Feeds;
  /** The mean loss of logits. */
  loss(graph: Graph, logits: Value): Value;
  lossFeeds(batch: readonly EncodedExample[]): Feeds;
  /** Scores of outputs (`Chooser`) by the logits of one input. */
  scores(logits: Float32Array, outputs: readonly EncodedOutput[]): Float64Array;
}

const itself = (inputs: readonly EncodedInput[]) => inputs;
const nothing = (): Feeds => ({});

/** One of some classes: cross-entropy over a row of as many numbers. */
function classification(classes: number): AnswerForm {
  return {
    numbers: classes,
    textsOf: itself,
    logits: (_, numbers) => numbers,
    logitsFeeds: nothing,
    loss: (graph, logits) => crossEntropy(graph, logits, logits.shape[0]!),
    lossFeeds: classFeeds,
    scores: chosenLogProbabilities,
  };
}

/** A number: the squared error of the one that the head gives. */
const regression: AnswerForm = {
  numbers: 1,
  // From 0 a training's first steps, and a search's, would go to learning the mean, and tell nothing of places.
  freshBias: { distribution: 'mean-answer' },
  textsOf: itself,
  logits: (_, numbers) => numbers,
  logitsFeeds: nothing,
  loss(graph, logits) {
    const values = graph.input('values', 'float32', [logits.shape[0]!, 1]);
    const weights = graph.input('lossWeights', 'float32', [logits.shape[0]!, 1]);
    const error = sub(logits, values);
    return reduceSum(mul(mul(error, error), weights), [0, 1], false);
  },
  lossFeeds: batch => ({
    values: columnFeed(
      batch.map(({ output }) => {
        if ('value' in output) return output.value;
        throw new RangeError('this model says numbers, no texts and no classes');
      }),
    ),
    lossWeights: meanWeights(batch.length),
  }),
  scores: logits => Float64Array.of(logits[0]!),
};

/**
 * One of the choices that an input brings: each is a text with a number, and the softmax goes over an input's choices.
 */
const multipleChoice: AnswerForm = {
  numbers: 1,
  textsOf: inputs => inputs.flatMap(choicesOf),
  logits(graph, numbers) {
    // Inputs may bring different counts of choices: rows are looked up, and those that are none masked.
    const rows = graph.input('choiceRows', 'int32', ['examples', 'choices']);
    const mask = graph.input('choiceMask', 'float32', ['examples', 'choices']);
    const found = gather(numbers, reshape(rows, ['choices*examples']));
    return add(reshape(found, ['examples', 'choices']), mask);
  },
  logitsFeeds(inputs) {
    const counts = inputs.map(input => choicesOf(input).length);
    const most = Math.max(1, ...counts);
    const rows = new Int32Array(inputs.length * most);
    const mask = new Float32Array(inputs.length * most).fill(MASKED);
    let next = 0;
    for (const [example, count] of counts.entries()) {
      for (let choice = 0; choice < count; choice++) {
        rows[example * most + choice] = next++;
        mask[example * most + choice] = 0;
      }
    }
    const dims = [inputs.length, most];
    return { choiceRows: { type: 'int32', data: rows, dims }, choiceMask: { type: 'float32', data: mask, dims } };
  },
  loss: (graph, logits) => crossEntropy(graph, logits, logits.shape[0]!),
  lossFeeds: classFeeds,
  scores: (logits, outputs) =>
    chosenLogProbabilities(logits, outputs).map(score => (score < MASKED / 2 ? Number.NEGATIVE_INFINITY : score)),
};

/** Forms by the kind of answer; texts have none: no head says them. */
const forms = {
  class: ({ classes }: { readonly classes: number }) => classification(classes),
  number: () => regression,
  choice: () => multipleChoice,
} as const;

/** A kind of answer that a head on a text gives. */
export type HeadAnswer = Exclude<AnswerKind, { kind: 'text' }>;

export const answerForm = (answer: HeadAnswer): AnswerForm =>
  (forms[answer.kind] as (answer: HeadAnswer) => AnswerForm)(answer);

function choicesOf(input: EncodedInput): EncodedInput[] {
  return [input, ...(input.otherChoices ?? [])];
}

function classOf(output: EncodedOutput): number {
  if ('class' in output) return output.class;
  throw new RangeError('this model says classes, no texts and no numbers');
}

function classFeeds(batch: readonly EncodedExample[]): Feeds {
  const labels = Int32Array.from(batch, ({ output }) => classOf(output));
  return {
    labels: { type: 'int32', data: labels, dims: [batch.length, 1] },
    lossWeights: meanWeights(batch.length),
  };
}

function meanWeights(count: number): Feeds[string] {
  return columnFeed(new Array<number>(count).fill(1 / count));
}

function columnFeed(values: readonly number[]): Feeds[string] {
  return { type: 'float32', data: Float32Array.from(values), dims: [values.length, 1] };
}

/** log softmax(logits) of each output's class; −∞ where there is no such class. */
function chosenLogProbabilities(logits: Float32Array, outputs: readonly EncodedOutput[]): Float64Array {
  const logSum = logSumExp(logits);
  return Float64Array.from(outputs, output => (logits[classOf(output)] ?? Number.NEGATIVE_INFINITY) - logSum);
}
