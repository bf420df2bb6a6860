import { join, resolve } from 'node:path';
import { InputError, throwIfInterrupted } from '../core/errors.ts';
import { canMerge, mergeDelta } from '../deltas/merge.ts';
import { readTextFile } from '../files/structured-text.ts';
import { bytesOf, type TensorSource, writeTensors } from '../files/write-tensors.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { loadModel } from '../models/load-model.ts';
import { readWeight } from '../models/read-weight.ts';
import type { Exporter } from './exporter.ts';
import { copyTokenizerFiles } from './model-files.ts';
import { namesOf, refuseHeads } from './modules.ts';

/**
 * A checkpoint as Hugging Face's libraries read it, in float32: everything that was trained is merged into the weights,
 * so that it takes no more to run than the backbone itself.
 */
export const safetensors: Exporter = {
  description: 'a checkpoint for Hugging Face, where weights can hold what was trained',
  check(modules, heads) {
    refuseHeads(heads, 'a checkpoint for text to text');
    const others = modules.filter(module => !canMerge(module));
    if (others.length === 0) return;
    throw new InputError(`the weights of a checkpoint cannot hold ${namesOf(others)}`, {
      code: 'export-cannot-hold',
      where: '--format',
      remedy: 'give `--format onnx`, which holds any module',
    });
  },
  async write({ model, modules, delta }, folder, signal) {
    const { changes } = mergeDelta(model.layout(modules), delta);
    const tensors = [...model.weights].map(([site, weight]): [string, TensorSource] => {
      const bytes = async () => {
        throwIfInterrupted(signal);
        return bytesOf(await readWeight(weight, changes.get(site)));
      };
      return [weight.name, { dtype: 'F32', shape: weight.shape, bytes }];
    });
    // Hugging Face's loader asks for this word.
    await writeTensors(join(folder, 'model.safetensors'), { metadata: { format: 'pt' }, tensors: new Map(tensors) });
    const config = await readTextFile(join(model.folder, 'config.json'));
    await writeFileWhole(join(folder, 'config.json'), asFloat32(config));
    await copyTokenizerFiles(model.folder, folder);
    return {};
  },
  open: async (folder, _, settings) => (await loadModel(resolve(folder), settings)).compile([]),
};

const DTYPE = /("(?:torch_)?dtype"\s*:\s*)(?:"[^"]*"|null)/;

/** A config.json that says float32. All else stays as it is written: Hugging Face's loader tells 1 from 1.0. */
function asFloat32(config: string): string {
  if (DTYPE.test(config)) return config.replace(DTYPE, '$1"float32"');
  return config.replace(/\s*\}\s*$/, ',\n  "torch_dtype": "float32"\n}\n');
}
