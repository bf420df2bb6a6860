import type { DeltaModule } from './delta-module.ts';

/** One example as token ids, without padding; both sides end with the end-of-sequence id. */
export interface EncodedExample {
  readonly source: readonly number[];
  readonly target: readonly number[];
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

export interface ModuleLayout {
  readonly module: DeltaModule;
  readonly parameters: readonly ParameterLayout[];
}

/** The delta vector's table of contents: `modules[i]` belongs to gate i. */
export interface Layout {
  readonly modules: readonly ModuleLayout[];
  /** Length of the delta vector. */
  readonly size: number;
}

export interface LossAndGradients {
  /** Mean cross-entropy over all target tokens of the batch, in nats. */
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
   * Source tokens of a run, padding included, above which two runs of half the batch are faster than one: what passes
   * between two operations then no longer fits the processor's caches. Absent where runs of any size cost alike.
   */
  readonly tokensPerRun?: number;
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

/** What evaluation needs of a compiled model. */
export interface Generator {
  /** Greedy decoding; returns ids without start, padding and end-of-sequence, in the order of `sources`. */
  generate(
    sources: readonly (readonly number[])[],
    delta: Float32Array,
    gates: Float32Array | undefined,
    options: { maxTokens: number },
  ): Promise<number[][]>;
}

/** What ranking given answers needs of a compiled model. */
export interface Ranker {
  /**
   * log p(target | source), teacher-forced: the sum over a target's tokens, in nats. One array a source, in it one
   * number a target. Each source is encoded once, however many targets there are.
   */
  logProbabilities(
    sources: readonly (readonly number[])[],
    targets: readonly (readonly number[])[],
    delta: Float32Array,
    gates?: Float32Array,
  ): Promise<Float64Array[]>;
}

/** A backbone with delta modules, compiled: one flat vector in, one flat gradient out. */
export interface Program extends Trainable, Generator, Ranker {
  /** Teacher-forced logits [batch, target length, vocabulary], row-major, target padded to the longest. */
  logits(
    batch: readonly EncodedExample[],
    delta: Float32Array,
    gates?: Float32Array,
  ): Promise<{ data: Float32Array; shape: readonly [number, number, number] }>;
  /** Fresh initial values of all modules, drawn from `seed`. */
  initialDelta(seed: number): Float32Array;
  /** Frees the sessions. The program cannot be used afterwards. */
  release(): Promise<void>;
}
