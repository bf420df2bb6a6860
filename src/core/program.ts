import type { DeltaModule } from './site.ts';

/** What a model reads of an example, special tokens included, without padding. */
export interface EncodedInput {
  readonly ids: readonly number[];
  /** The segment that each token belongs to, as long as `ids`, for families that embed it. */
  readonly types?: readonly number[];
  /**
   * Multiple choice, where a family judges one choice at a time: this input holds choice 0, these hold choices 1, 2, …;
   * class i of the output is choice i.
   */
  readonly otherChoices?: readonly EncodedInput[];
}

/**
 * What a model shall say: a text as token ids that end with the end-of-sequence id, a class by its number, or a number.
 */
export type EncodedOutput =
  | { readonly ids: readonly number[] }
  | { readonly class: number }
  | { readonly value: number };

/** One example as a program takes it. */
export interface EncodedExample {
  readonly input: EncodedInput;
  readonly output: EncodedOutput;
}

/** Tokens of an input as a padded batch holds it: of several choices each is as long as the longest. */
export function inputLength({ ids, otherChoices = [] }: EncodedInput): number {
  return (
    otherChoices.reduce((most, choice) => Math.max(most, choice.ids.length), ids.length) * (1 + otherChoices.length)
  );
}

/** Tokens of a text to be said; a class or a number takes none. */
export function outputLength(output: EncodedOutput): number {
  return 'ids' in output ? output.ids.length : 0;
}

/** How many terms an output adds to a batch's mean loss: one a token of a text, one for a class or a number. */
function lossTerms(output: EncodedOutput): number {
  return 'ids' in output ? output.ids.length : 1;
}

/** Terms that a batch's loss is the mean of: what a part of the batch weighs. */
export function countLossTerms(batch: readonly Pick<EncodedExample, 'output'>[]): number {
  return batch.reduce((sum, { output }) => sum + lossTerms(output), 0);
}

/** Tokens of a batch, read and to be said, padding not counted. */
export function countTokens(batch: readonly EncodedExample[]): number {
  const read = ({ ids, otherChoices = [] }: EncodedInput): number =>
    otherChoices.reduce((sum, choice) => sum + choice.ids.length, ids.length);
  return batch.reduce((sum, { input, output }) => sum + read(input) + outputLength(output), 0);
}

/** Where one parameter of one module stands in the flat delta vector. */
export interface ParameterLayout {
  /** Name within its module: `A`, `B`, `bias`, … */
  readonly name: string;
  readonly shape: readonly number[];
  /** First element, in numbers (not bytes), in the delta vector. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
  /** Whether the module's gate multiplies this parameter: the one its contribution is linear in. */
  readonly gated: boolean;
  /** What the parameter counts for: wherever its module uses it, it is multiplied by this. */
  readonly scale: number;
}

/** Where the parameters of one module stand in the delta vector. */
export interface ModuleLayout {
  readonly module: DeltaModule;
  readonly parameters: readonly ParameterLayout[];
}

/**
 * A part of the model that is trained whatever the structure, a classifier for example: it has no gate, and counts
 * neither as a candidate nor against the budget.
 */
export interface HeadLayout {
  /** Name within the model: `classifier`, `pooler`, … */
  readonly name: string;
  /** None of them gated. */
  readonly parameters: readonly ParameterLayout[];
}

/** The delta vector's table of contents: `modules[i]` belongs to gate i, the heads come after all modules. */
export interface Layout {
  readonly modules: readonly ModuleLayout[];
  readonly heads: readonly HeadLayout[];
  /** Length of the delta vector. */
  readonly size: number;
}

/** The first element of the heads in the delta vector; its end where the model has none. */
export function headsBegin({ heads, size }: Layout): number {
  return heads[0]?.parameters[0]?.offset ?? size;
}

/** The heads' part of a delta vector, as a view of it: empty where the model has none. */
export function headsOf(layout: Layout, delta: Float32Array): Float32Array {
  return delta.subarray(headsBegin(layout));
}

/** What a training step asks of the model. */
export interface LossAndGradients {
  /**
   * Mean over the batch's terms (`countLossTerms`): cross-entropy in nats of tokens or classes, the squared error of
   * numbers.
   */
  readonly loss: number;
  /** ∂loss/∂delta, as long as the delta vector. */
  readonly delta: Float32Array;
  /** ∂loss/∂gates, one number a module; empty where no gates were given. */
  readonly gates: Float32Array;
}

/** What training and search need of a compiled model. Without `gates` every gate is 1. */
export interface Trainable {
  readonly layout: Layout;
  /**
   * Input tokens of a run, padding included, above which two runs of half the batch are faster than one: what passes
   * between two operations then no longer fits the processor's caches. Absent where runs of any size cost alike.
   */
  readonly tokensPerRun?: number;
  /** The same loss without gradients, in about half the time. */
  loss(batch: readonly EncodedExample[], delta: Float32Array, gates?: Float32Array): Promise<number>;
  /** Loss of a batch with its gradients by the delta vector and by the gates (without gates each is 1). */
  lossAndGradients(
    batch: readonly EncodedExample[],
    delta: Float32Array,
    gates?: Float32Array,
  ): Promise<LossAndGradients>;
  /**
   * The exact mixed derivative ∂/∂gates ⟨∂loss/∂delta, direction⟩, one number a module: how the gradient of `delta`
   * along a direction (as long as `delta`) changes with each gate.
   */
  mixedDerivative(
    batch: readonly EncodedExample[],
    delta: Float32Array,
    gates: Float32Array,
    direction: Float32Array,
  ): Promise<Float32Array>;
}

/** What says which of some given answers fits. */
export interface Chooser {
  /**
   * Scores of outputs, all of one kind, for each input: one array an input, in it one number an output. For texts and
   * classes log p(output | input) in nats, of a text the sum over its tokens; where an input brings choices of its own,
   * class i is its choice i, and −∞ where it has none of this number. For numbers the list has one entry, whose value
   * is not read, and the score is the number that the model says. An input is encoded once, however many outputs there
   * are.
   */
  choose(
    inputs: readonly EncodedInput[],
    outputs: readonly EncodedOutput[],
    delta: Float32Array,
    gates?: Float32Array,
  ): Promise<Float64Array[]>;
}

/** What writes answers of its own. */
export interface Generator {
  /** Greedy decoding; returns ids without start, padding and end-of-sequence, in the order of `inputs`. */
  generate(
    inputs: readonly EncodedInput[],
    delta: Float32Array,
    gates: Float32Array | undefined,
    options: { maxTokens: number },
  ): Promise<number[][]>;
}

/** How a program answers: it writes as it likes, or the likeliest of given answers is taken. */
export const answerModes = ['generate', 'choose'] as const;
/** How answers are made: written word by word, or chosen among the labels. */
export type AnswerMode = (typeof answerModes)[number];

/** What can be asked: it chooses among given answers and, where its family can, writes its own. */
export type Answering = Chooser & Partial<Generator>;

/** Whether a program writes answers of its own. */
export function canGenerate<P extends Partial<Generator>>(program: P): program is P & Generator {
  return program.generate !== undefined;
}

/** A backbone with delta modules, compiled: one flat vector in, one flat gradient out. */
export interface Program extends Trainable, Chooser, Partial<Generator> {
  /**
   * Logits, row-major: teacher-forced [batch, longest output, vocabulary] for texts, [batch, classes] of a classifier.
   */
  logits(
    batch: readonly EncodedExample[],
    delta: Float32Array,
    gates?: Float32Array,
  ): Promise<{ data: Float32Array; shape: readonly number[] }>;
  /**
   * The last layer's states, row-major: of texts that are read [batch, longest input, width], padded as the graph's
   * inputs are, and of a model that writes those of the outputs, [batch, longest output, width].
   */
  states(
    batch: readonly EncodedExample[],
    delta: Float32Array,
    gates?: Float32Array,
  ): Promise<{ data: Float32Array; shape: readonly number[] }>;
  /**
   * Fresh initial values of all modules and heads, drawn from `seed`. A fresh head that answers numbers begins at the
   * mean of those that the training examples ask for, or at 0 without any.
   */
  initialDelta(seed: number, examples?: readonly EncodedExample[]): Float32Array;
  /** Frees the sessions. The program cannot be used afterwards. */
  release(): Promise<void>;
}
