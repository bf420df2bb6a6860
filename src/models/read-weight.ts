import { InputError } from '../core/errors.ts';
import { asReadError } from '../files/file-errors.ts';
import { openFile, readAt } from '../files/regular-file.ts';
import { widen } from '../files/safetensors-arrays.ts';

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

/** The bytes of a weight, as they lie in the checkpoint. */
export async function readWeightBytes({ name, file, offset, byteLength }: Weight): Promise<Uint8Array> {
  try {
    const handle = await openFile(file);
    try {
      const bytes = new Uint8Array(byteLength);
      if ((await readAt(handle, bytes, offset)) === byteLength) return bytes;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw asReadError(file, error);
  }
  throw new InputError(`the file ended within tensor ${name}`, {
    code: 'damaged-file',
    where: file,
    remedy: 'download it again',
  });
}

const SAMPLE_BYTES = 4096;

/** Bytes from the middle of a weight that stand for all of it, as a training changes it all; a small one's are all. */
export function readWeightSample(weight: Weight): Promise<Uint8Array> {
  const byteLength = Math.min(weight.byteLength, SAMPLE_BYTES);
  return readWeightBytes({
    ...weight,
    offset: weight.offset + Math.floor((weight.byteLength - byteLength) / 2),
    byteLength,
  });
}

/** A weight as float32, with what modules add to it. */
export async function readWeight(
  weight: Weight,
  changeOf?: (frozen: Float32Array) => Float32Array,
): Promise<Float32Array> {
  const values = widen(await readWeightBytes(weight), weight.dtype);
  const change = changeOf?.(values);
  return change === undefined ? values : values.map((value, i) => value + change[i]!);
}
