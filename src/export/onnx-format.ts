import { join } from 'node:path';
import { elementCount } from '../core/arrays.ts';
import { InputError, throwIfInterrupted } from '../core/errors.ts';
import { type MergedDelta, mergeDelta } from '../deltas/merge.ts';
import { checkOnce, hashFile, recordOf } from '../files/check-once.ts';
import { openFile } from '../files/regular-file.ts';
import { bytesOf } from '../files/write-tensors.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { Graph } from '../graph/graph.ts';
import { lower } from '../graph/lower.ts';
import { webgpuLowerings } from '../graph/lowerings/webgpu.ts';
import { OPSET, toOnnx } from '../graph/onnx.ts';
import type { Value } from '../graph/types.ts';
import { readWeight, readWeightBytes, type Weight, type Weights } from '../models/read-weight.ts';
import { openStandalone } from '../runtime/standalone-program.ts';
import type { Exporter } from './exporter.ts';
import { copyModelFiles } from './model-files.ts';
import { refuseHeads } from './modules.ts';

const WEIGHTS = 'model.onnx_data';
/** ONNX asks for external tensors at whole pages, so that they can be mapped. */
const PAGE = 4096;

/**
 * Encoder and decoder as ONNX models under the names that Hugging Face's Optimum gives them, over one file of weights.
 * What weights can hold is merged into them; the parameters of all other modules are constants of the graphs.
 */
export const onnx: Exporter = {
  description: 'encoder and decoder for ONNX Runtime, with any modules',
  check: (_, heads) => refuseHeads(heads, 'an encoder with its decoder'),
  async write({ model, modules, delta }, folder, signal) {
    if (!model.standalone) {
      throw new InputError(`${model.name} is of a family without ONNX models of its own`, {
        code: 'export-cannot-hold',
        where: '--format',
      });
    }
    const { changes, rest, delta: constants } = mergeDelta(model.layout(modules), delta);
    const weights = await writeWeights(join(folder, WEIGHTS), model.weights, changes, signal);
    const { encoder, decoder, startId, padId, endId } = model.standalone(weights, rest, constants);
    const files = { encoder: 'encoder_model.onnx', decoder: 'decoder_model.onnx' };
    for (const [graph, file] of [
      [encoder, files.encoder],
      [decoder, files.decoder],
    ] as const) {
      // In the operations that WebGPU has kernels for: the others have them too, and the CPU is as fast with them.
      await writeFileWhole(join(folder, file), toOnnx(lower(graph, webgpuLowerings), folder));
    }
    await copyModelFiles(model.folder, folder);
    const names = [files.encoder, files.decoder, WEIGHTS];
    const sha256 = await Promise.all(names.map(async name => [name, await hashFile(join(folder, name))] as const));
    return {
      onnx: {
        opset: OPSET,
        encoder: { file: files.encoder, ...signatureOf(encoder) },
        decoder: { file: files.decoder, ...signatureOf(decoder) },
        weights: WEIGHTS,
        ...{ startId, padId, endId, sha256: Object.fromEntries(sha256) },
      },
    };
  },
  async open(folder, { onnx: described }, settings) {
    const remedy = 'export the run again';
    if (!described)
      throw new InputError('its description names no graphs', { code: 'unreadable-export', where: folder, remedy });
    const { encoder, decoder, sha256 = {}, ...ids } = described;
    const files = { encoder: join(folder, encoder.file), decoder: join(folder, decoder.file) };
    for (const name of [encoder.file, decoder.file, WEIGHTS]) await requireWhole(join(folder, name), sha256[name]);
    try {
      return await openStandalone({ ...files, ...ids }, settings);
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

/** Writes weights into one file: changed ones as float32, all others as they are. Returns where each stands. */
async function writeWeights(
  file: string,
  weights: Weights,
  changes: MergedDelta['changes'],
  signal: AbortSignal | undefined,
): Promise<Weights> {
  const placed = new Map<string, Weight>();
  let end = 0;
  for (const [site, weight] of weights) {
    const offset = Math.ceil(end / PAGE) * PAGE;
    const bytes = elementCount(weight.shape) * Float32Array.BYTES_PER_ELEMENT;
    const stored = changes.has(site) ? { dtype: 'float32' as const, byteLength: bytes } : {};
    const place: Weight = { ...weight, ...stored, file, offset };
    placed.set(site, place);
    end = offset + place.byteLength;
  }
  async function* chunks() {
    let position = 0;
    for (const [site, weight] of weights) {
      throwIfInterrupted(signal);
      const { offset, byteLength } = placed.get(site)!;
      yield new Uint8Array(offset - position);
      const change = changes.get(site);
      yield change ? bytesOf(await readWeight(weight, change)) : await readWeightBytes(weight);
      position = offset + byteLength;
    }
  }
  await writeFileWhole(file, chunks());
  return placed;
}

/** Inputs and outputs of a graph as plain data. */
function signatureOf({ inputs, outputs }: Graph) {
  const describe = ({ name, dtype, shape }: Value) => ({ name, type: dtype, shape });
  return { inputs: inputs.map(describe), outputs: outputs.map(describe) };
}
