/** The types that weights are read in. */
export type WeightType = 'float32' | 'float16' | 'bfloat16';

/** One weight of a backbone inside a checkpoint file. */
export interface Weight {
  /** The checkpoint's name, e.g. `encoder.block.0.layer.0.SelfAttention.q.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: WeightType;
  /** Real path: ONNX Runtime refuses links that lead out of a folder, as the Hub's cache has them. */
  readonly file: string;
  readonly offset: number;
  readonly byteLength: number;
  /** Where the checkpoint has fused several weights into one tensor: that one, and which of its equal parts this is. */
  readonly fused?: TensorSlice;
}

/** One of the equal parts of a tensor, cut along its rows. */
export interface TensorSlice {
  readonly tensor: string;
  readonly index: number;
  readonly count: number;
}

/** Every weight of a backbone by the name of its site, and every bias beside one by `biasName`. */
export type Weights = ReadonlyMap<string, Weight>;
