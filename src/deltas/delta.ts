import type { DeltaKind, DeltaModule, DeltaOptions, Site } from '../core/site.ts';
import type { Value } from '../graph/types.ts';

/** How a parameter's fresh values are drawn. */
export type Initializer =
  | { readonly distribution: 'zeros' }
  | { readonly distribution: 'normal'; readonly standardDeviation: number }
  | { readonly distribution: 'uniform'; readonly bound: number }
  /** The mean of the numbers that the training examples ask for. */
  | { readonly distribution: 'mean-answer' }
  /** What a checkpoint has: a head that it was trained with. */
  | { readonly distribution: 'given'; readonly values: Float32Array };

/** One array of parameters of a module. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /**
   * Whether the module's gate z multiplies this parameter. What a module adds to its host is linear in its gated
   * parameters taken together, so that z · δ(w) = δ(z ⊙ w) exactly.
   */
  readonly gated: boolean;
  /** What the parameter is multiplied by before a graph sees it (default 1): cheaper there than in the graph. */
  readonly scale?: number;
}

/** What a delta is given when the graph is built. */
export interface Attachment {
  readonly site: Site;
  /** Its parameters by name, shaped as in `parameters`, gates and scales applied. */
  readonly parameters: Readonly<Record<string, Value>>;
}

/**
 * What a module adds to its host. Hidden states are flat: [tokens, features].
 *
 * Modules that read hidden states do it through a thin matrix and write through another, so that all modules which
 * read one tensor, or write to one, share a single pass over it.
 *
 * At a linear host all of these work, at a block host `bias`, `outputScale` and `bottleneck`, at a norm `weight`,
 * `bias` and `outputScale`, at an embedding `weight` and `outputScale`.
 */
export interface Contribution {
  /** Added to the host's weight, shaped like it. */
  readonly weight?: Value;
  /** Added to every row of the host's output: [outFeatures]. */
  readonly bias?: Value;
  /** Adds y ⊙ outputScale to the output, where y is the frozen host's own, its bias included: [outFeatures]. */
  readonly outputScale?: Value;
  /** Adds (x ⊙ inputScale) Wᵀ to the output of a linear host, x its input: [inFeatures]. */
  readonly inputScale?: Value;
  /** Adds between(x readᵀ) writeᵀ to the output; x is a linear host's input or a block host's output. */
  readonly bottleneck?: Bottleneck;
}

/** Two thin matrices with a non-linearity between them, beside a block. */
export interface Bottleneck {
  /** [r, features read]. */
  readonly read: Value;
  /**
   * [tokens, r] → [tokens, r′]; absent where it is the identity, as at every linear host: write · read then adds to its
   * weight.
   */
  between?(inner: Value): Value;
  /** [outFeatures, r′]. */
  readonly write: Value;
}

/** A kind of delta module. All that the rest of the project knows of a kind, it asks here. */
export interface Delta extends DeltaKind {
  readonly defaults: DeltaOptions;
  /** How many times the learning rate suits modules of this kind alone that suits LoRA of rank 1 (default 1). */
  readonly rate?: number;
  /** Whether the kind can attach at this site. */
  hosts(site: Site): boolean;
  /** Its parameters at a site, in the order in which they stand in the delta vector. */
  parameters(site: Site, options: DeltaOptions): readonly ParameterSpec[];
  /** Whether the module cannot change the model's output there. */
  inert(site: Site): boolean;
  /** What the module adds to its host, as nodes of the graph. */
  contribute(attachment: Attachment): Contribution;
  /** How a trained module goes into its host's own weights; absent or undefined where it does more than change them. */
  merge?(site: Site, options: DeltaOptions): Merge | undefined;
  /** How Hugging Face PEFT holds the module; absent where it has no such thing. */
  peft?(site: Site, options: DeltaOptions): PeftForm | undefined;
  /** The module of this kind that PEFT has trained there; absent or undefined where it is of another. */
  fromPeft?(site: Site, host: PeftHost): ReadFromPeft | undefined;
}

/**
 * The delta of a module. The words of `core/` know no graph: there a kind is a name, and here, where modules are made,
 * all of it.
 */
export function deltaOf({ delta }: DeltaModule): Delta {
  return delta as Delta;
}

export const ZEROS: Initializer = { distribution: 'zeros' };

/**
 * `Delta.rate` of a vector that is added to a host, or scales it: a step of LoRA (rank 1, alpha 16) counts 16 times
 * what a row of A reads, some eight times as much. Measured: docs/measured/found-or-random.md.
 */
export const VECTOR_RATE = 8;

/** What becomes of a module once it is trained: how weights of its host, or other programs, hold it. */

/** Parameters of a trained module by name, row-major. */
export type TrainedParameters = Readonly<Record<string, Float32Array>>;

/** What a trained module adds to a weight of its host, both row-major and shaped alike. */
type WeightChange = (trained: TrainedParameters, frozen: Float32Array) => Float32Array;

/** What a trained module changes of its host; `bias` is called where the host has one. */
export interface Merge {
  readonly weight?: WeightChange;
  readonly bias?: WeightChange;
}

/**
 * How Hugging Face PEFT holds a module: the host itself, saved with what is merged into it, the host's bias alone, or
 * something of PEFT's own beside it.
 */
export type PeftForm = { readonly type: 'saved' | 'bias' } | PeftAdapted;

/** A host that an adapter of PEFT changes. */
interface PeftAdapted {
  /** PEFT's `peft_type`, one of the list in `export/peft-format.ts`. */
  readonly type: string;
  /** What the adapter's configuration is made of. */
  readonly options: Readonly<Record<string, number>>;
  /** PEFT's tensors, by their names below the host's. */
  tensors(trained: TrainedParameters): Readonly<Record<string, PeftTensor>>;
}

/** What PEFT has trained at a host. */
export interface PeftHost {
  /** PEFT's `peft_type`; absent of a host that was saved whole. */
  readonly type?: string;
  /** By their names below the host's; of one that was saved `weight`, `bias` or both, less what they were. */
  readonly tensors: Readonly<Record<string, PeftTensor>>;
  /** What a product of rank-`rank` matrices counts for, times its rank. */
  alpha(rank: number): number;
}

/** The same as a module of some kind. */
export interface ReadFromPeft {
  readonly options: Readonly<Record<string, number>>;
  readonly parameters: Readonly<Record<string, PeftTensor>>;
}

interface PeftTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
