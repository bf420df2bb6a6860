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
