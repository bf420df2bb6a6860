import { elementCount } from '../core/arrays.ts';
import { InputError, throwIfInterrupted } from '../core/errors.ts';
import { bytesOf, toHalves } from '../files/safetensors-arrays.ts';
import type { Graph } from '../graph/graph.ts';
import { cast, mul, reshape } from '../graph/ops/ops.ts';
import { BYTES } from '../graph/shape.ts';
import type { DataType, Value } from '../graph/types.ts';

/** ONNX asks for external tensors at whole pages, so that they can be mapped. */
const PAGE = 4096;

/** A tensor in a file of weights. */
interface StoredTensor {
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

/** In what form a file holds weights. All of them are computed with in float32. */
interface Storage {
  /** What transformers.js looks for behind a file's name where it is asked for this dtype. */
  readonly suffix: string;
  /** What holds a weight of this shape. */
  tensors(shape: readonly number[]): readonly StoredTensor[];
  /** Their bytes. */
  encode(values: Float32Array, shape: readonly number[]): readonly Uint8Array[];
  /** Makes the weight of them. */
  decode(tensors: readonly Value[]): Value;
}

const float32: Storage = {
  suffix: '',
  tensors: shape => [{ dtype: 'float32', shape }],
  encode: values => [bytesOf(values)],
  decode: ([weight]) => weight!,
};

const float16: Storage = {
  suffix: '_fp16',
  tensors: shape => [{ dtype: 'float16', shape }],
  encode(values) {
    const halves = toHalves(values);
    if (halves.some(half => (half & 0x7fff) === 0x7c00)) throw tooLarge();
    return [new Uint8Array(halves.buffer)];
  },
  decode: ([weight]) => cast(weight!, 'float32'),
};

/** Matrices as 8-bit integers with a scale a row, the largest of it being 127; all else stays float32. */
const int8: Storage = {
  suffix: '_int8',
  tensors: shape =>
    shape.length === 2
      ? [
          { dtype: 'int8', shape },
          { dtype: 'float32', shape: [shape[0]!, 1] },
        ]
      : float32.tensors(shape),
  encode(values, shape) {
    if (shape.length !== 2) return float32.encode(values, shape);
    const [rows, columns] = shape as [number, number];
    const rounded = new Int8Array(values.length);
    const scales = new Float32Array(rows);
    for (let row = 0; row < rows; row++) {
      const weights = values.subarray(row * columns, (row + 1) * columns);
      const scale = weights.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 0) / 127 || 1;
      scales[row] = scale;
      for (const [column, weight] of weights.entries()) rounded[row * columns + column] = Math.round(weight / scale);
    }
    return [new Uint8Array(rounded.buffer), bytesOf(scales)];
  },
  decode: ([values, scales]) => (scales ? mul(cast(values!, 'float32'), scales) : values!),
};

/** Every form, by transformers.js's names of dtypes. `q8` is what it asks for by default in a browser. */
export const storages: Readonly<Record<string, Storage>> = {
  fp32: float32,
  fp16: float16,
  int8,
  q8: { ...int8, suffix: '_quantized' },
};

/** A file of weights that is laid out while a graph is written, and filled afterwards. */
export interface WeightFile {
  /** What stands in a graph for a constant whose `location` is the name of a weight (`lower`); undefined for others. */
  readonly constant: (graph: Graph, constant: Value) => Value | undefined;
  /** The file's bytes: `read` gives the weights. */
  chunks(read: (name: string) => Promise<Float32Array>, signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
}

/** @param shapeOf of a weight, by its name */
export function weightFile(file: string, storage: Storage, shapeOf: (name: string) => readonly number[]): WeightFile {
  const placed = new Map<string, readonly { readonly offset: number; readonly length: number }[]>();
  let end = 0;
  const place = (name: string) => {
    const known = placed.get(name);
    if (known) return known;
    const places = storage.tensors(shapeOf(name)).map(({ dtype, shape }) => {
      const offset = Math.ceil(end / PAGE) * PAGE;
      const length = elementCount(shape) * BYTES[dtype];
      end = offset + length;
      return { offset, length };
    });
    placed.set(name, places);
    return places;
  };
  return {
    constant(graph, { constant, shape }) {
      if (!constant || !('external' in constant)) return undefined;
      const name = constant.external.location;
      const places = place(name);
      const tensors = storage.tensors(shapeOf(name)).map((tensor, i) =>
        graph.external(i === 0 ? name : `${name}.scales`, tensor.dtype, tensor.shape, {
          location: file,
          ...places[i]!,
        }),
      );
      return reshape(storage.decode(tensors), shape);
    },
    async *chunks(read, signal) {
      let position = 0;
      for (const [name, places] of placed) {
        throwIfInterrupted(signal);
        const values = await read(name);
        if (!values.every(Number.isFinite)) throw notFinite(name);
        for (const [i, bytes] of storage.encode(values, shapeOf(name)).entries()) {
          const { offset, length } = places[i]!;
          yield new Uint8Array(offset - position);
          yield bytes;
          position = offset + length;
        }
      }
    },
  };
}

function tooLarge(): InputError {
  return new InputError('a weight is larger than float16 can hold', {
    code: 'export-cannot-hold',
    where: '--dtype',
    remedy: 'leave fp16 out',
  });
}

function notFinite(name: string): InputError {
  return new InputError(`the trained ${name} holds numbers that are none, or infinite`, {
    code: 'export-cannot-hold',
    where: '--format',
    remedy: 'the training has diverged: train again at a lower --lr',
  });
}
