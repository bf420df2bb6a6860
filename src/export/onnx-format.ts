import { join } from 'node:path';
import { elementCount } from '../core/arrays.ts';
import { InputError, throwIfInterrupted } from '../core/errors.ts';
import { mergeDelta } from '../deltas/merge.ts';
import { checkOnce, hashFile, recordOf } from '../files/check-once.ts';
import { makeFolder } from '../files/folders.ts';
import { openFile } from '../files/regular-file.ts';
import { bytesOf, toHalves } from '../files/safetensors-arrays.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { Graph } from '../graph/graph.ts';
import { lower } from '../graph/lower.ts';
import { webgpuLowerings } from '../graph/lowerings/webgpu.ts';
import { OPSET, toOnnx } from '../graph/onnx.ts';
import { cast, mul, reshape } from '../graph/ops/ops.ts';
import { BYTES } from '../graph/shape.ts';
import type { DataType, Value } from '../graph/types.ts';
import { readWeight, type Weights } from '../models/read-weight.ts';
import type { Exporter } from './exporter.ts';
import { graphsUsage } from './loading-code.ts';
import { taskConfig, writeModelFiles } from './model-files.ts';
import { openForm } from './onnx-forms.ts';

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
const storages: Readonly<Record<string, Storage>> = {
  fp32: float32,
  fp16: float16,
  int8,
  q8: { ...int8, suffix: '_quantized' },
};

/** A file of weights that is laid out while a graph is written, and filled afterwards. */
interface WeightFile {
  /** What stands in a graph for a constant whose `location` is the name of a weight (`lower`); undefined for others. */
  readonly constant: (graph: Graph, constant: Value) => Value | undefined;
  /** The file's bytes: `read` gives the weights. */
  chunks(read: (name: string) => Promise<Float32Array>, signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
}

/** @param shapeOf of a weight, by its name */
function weightFile(file: string, storage: Storage, shapeOf: (name: string) => readonly number[]): WeightFile {
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

/** Where transformers.js looks for graphs. */
const GRAPHS = 'onnx';
/** Extents by the names that transformers.js and Optimum know them by. */
const extentNames = {
  ...{ batch: 'batch_size', source: 'encoder_sequence_length', target: 'decoder_sequence_length' },
  ...{ past: 'past_decoder_sequence_length', pastSource: 'past_encoder_sequence_length' },
  pastWidth: 'embed_size_per_head',
};

/**
 * A model for transformers.js and any other program on ONNX Runtime: a folder `onnx` of graphs under the names that
 * Hugging Face's Optimum gives them, each with its file of weights, and beside it config and tokenizer. What weights
 * can hold is merged into them; the parameters of all other modules, and heads, are constants of the graphs.
 */
export const onnx: Exporter = {
  description: 'a model for transformers.js and ONNX Runtime, with any modules',
  usage: graphsUsage,
  dtypes: Object.keys(storages),
  check() {},
  async write({ model, modules, delta, task, dtypes }, folder, signal) {
    if (!model.standalone) {
      throw new InputError(`${model.name} has no ONNX graphs of its own for what ${task.name} asks of it`, {
        code: 'export-cannot-hold',
        where: '--format',
        remedy: 'leave the model in its run folder: `predict` and `serve` answer from there',
      });
    }
    const { changes, rest, delta: constants } = mergeDelta(model.layout(modules), delta);
    const named = weightsByName(model.weights);
    const made = model.standalone(named, rest, constants);
    const read = (name: string) => readWeight(model.weights.get(name)!, changes.get(name));
    const within = join(folder, GRAPHS);
    await makeFolder(within);
    for (const dtype of dtypes) {
      const storage = storages[dtype]!;
      for (const [name, graph] of Object.entries(made.graphs)) {
        const [file, data] = filesOf(name, dtype).map(each => join(within, each)) as [string, string];
        const weights = weightFile(data, storage, weight => named.get(weight)!.shape);
        // In the operations that WebGPU has kernels for: the others have them too, and the CPU is as fast with them.
        const lowered = lower(graph, webgpuLowerings, { constant: weights.constant });
        await writeFileWhole(file, toOnnx(lowered, within, extentNames));
        await writeFileWhole(data, weights.chunks(read, signal));
      }
    }
    await writeModelFiles(model, folder, {
      config: {
        ...made.config,
        ...taskConfig(task, model.heads),
        // A browser cannot see which files there are.
        'transformers.js_config': { use_external_data_format: true },
      },
      ...(made.generation && { generation: made.generation }),
      ...(made.longest !== undefined && { longest: made.longest }),
    });
    const [first] = dtypes;
    const graphs = Object.entries(made.graphs).map(([name, graph]) => {
      return [name, { file: filesOf(name, first!)[0], ...signatureOf(graph) }] as const;
    });
    const names = dtypes.flatMap(dtype => Object.keys(made.graphs).flatMap(name => filesOf(name, dtype)));
    const sha256 = await Promise.all(names.map(async name => [name, await hashFile(join(within, name))] as const));
    return {
      onnx: {
        ...{ opset: OPSET, form: made.form, folder: GRAPHS, dtypes, graphs: Object.fromEntries(graphs) },
        ...{ facts: made.facts, sha256: Object.fromEntries(sha256) },
      },
    };
  },
  async open(folder, { onnx: described }, settings, dtype) {
    const remedy = 'export the run again';
    if (!described) {
      throw new InputError('its description names no graphs, or is of an earlier layout', {
        code: 'unreadable-export',
        where: folder,
        remedy,
      });
    }
    const within = join(folder, GRAPHS);
    const graphs = Object.fromEntries(
      Object.entries(described.graphs).map(([name, { file }]) => [
        name,
        { file: dtype === undefined ? file : filesOf(name, dtype)[0] },
      ]),
    );
    for (const { file } of Object.values(graphs)) {
      for (const name of [file, `${file}_data`]) await requireWhole(join(within, name), described.sha256[name]);
    }
    try {
      return await openForm(within, { ...described, graphs }, settings);
    } catch (cause) {
      // A device that cannot start says what it needs.
      if (cause instanceof InputError) throw cause;
      const [what] = (cause as Error).message.split('\n');
      throw new InputError(`these graphs cannot be opened: ${what}`, {
        code: 'unreadable-export',
        where: folder,
        remedy,
        cause,
      });
    }
  },
};

/** A graph's file, and that of its weights, as transformers.js looks for them. */
function filesOf(graph: string, dtype: string): [graph: string, weights: string] {
  const file = `${graph}${storages[dtype]!.suffix}.onnx`;
  return [file, `${file}_data`];
}

/** Weights that stand nowhere yet: each in a file of its own name, as float32. */
function weightsByName(weights: Weights): Weights {
  return new Map(
    [...weights].map(([name, { shape, ...weight }]) => {
      const byteLength = elementCount(shape) * Float32Array.BYTES_PER_ELEMENT;
      return [name, { ...weight, shape, dtype: 'float32', file: name, offset: 0, byteLength }];
    }),
  );
}

/** @throws InputError where a file is none, for which the runtime would wait, or is not what was written */
async function requireWhole(file: string, hash: string | undefined): Promise<void> {
  await (await openFile(file)).close();
  if (hash === undefined) return;
  await checkOnce(file, await recordOf(file, hash), async () => {
    if ((await hashFile(file)) === hash) return;
    throw new InputError('its bytes are not those that were exported', {
      code: 'damaged-file',
      where: file,
      remedy: 'copy it again from where it is whole, or export the run again',
    });
  });
}

/** Inputs and outputs of a graph as plain data. */
function signatureOf({ inputs, outputs }: Graph) {
  const describe = ({ name, dtype, shape }: Value) => ({ name, type: dtype, shape });
  return { inputs: inputs.map(describe), outputs: outputs.map(describe) };
}
