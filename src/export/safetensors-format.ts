import { join, resolve } from 'node:path';
import { InputError, throwIfInterrupted } from '../core/errors.ts';
import { canMerge, mergeDelta } from '../deltas/merge.ts';
import { bytesOf, type TensorSource, writeTensors } from '../files/safetensors-arrays.ts';
import { loadModel } from '../models/load-model.ts';
import { readWeight } from '../models/read-weight.ts';
import { taskOf } from './description.ts';
import { type Exporter, headTensors, namesOf } from './exporter.ts';
import { checkpointUsage } from './loading-code.ts';
import { taskConfig, writeModelFiles } from './model-files.ts';

/**
 * A checkpoint as Hugging Face's libraries read it, in float32: everything that was trained is merged into the weights,
 * so that it takes no more to run than the backbone itself.
 */
export const safetensors: Exporter = {
  description: 'a checkpoint for Hugging Face, where weights can hold what was trained',
  usage: checkpointUsage,
  check(modules) {
    const others = modules.filter(module => !canMerge(module));
    if (others.length === 0) return;
    throw new InputError(`the weights of a checkpoint cannot hold ${namesOf(others)}`, {
      code: 'export-cannot-hold',
      where: '--format',
      remedy: 'give `--format onnx`, which holds any module',
    });
  },
  async write({ model, modules, delta, task }, folder, signal) {
    const layout = model.layout(modules);
    const { changes } = mergeDelta(layout, delta);
    // Weights that the checkpoint has fused into one tensor stand side by side there again.
    const byTensor = Map.groupBy(model.weights, ([, { name, fused }]) => fused?.tensor ?? name);
    const weights = [...byTensor].map(([name, parts]): [string, TensorSource] => {
      const inOrder = parts.toSorted(([, a], [, b]) => (a.fused?.index ?? 0) - (b.fused?.index ?? 0));
      const bytes = async () => {
        const held: Uint8Array[] = [];
        for (const [site, weight] of inOrder) {
          throwIfInterrupted(signal);
          held.push(bytesOf(await readWeight(weight, changes.get(site))));
        }
        return held.length === 1 ? held[0]! : Buffer.concat(held);
      };
      const [rows, ...rest] = parts[0]![1].shape;
      return [name, { dtype: 'F32', shape: [parts.length * rows!, ...rest], bytes }];
    });
    const tensors = [...weights, ...headTensors(layout, delta)];
    // Hugging Face's loader asks for this word.
    await writeTensors(join(folder, 'model.safetensors'), { metadata: { format: 'pt' }, tensors: new Map(tensors) });
    await writeModelFiles(model, folder, {
      config: taskConfig(task, model.heads),
      dtype: 'float32',
    });
    return {};
  },
  async open(folder, { task }, settings) {
    const model = await (await loadModel(resolve(folder), settings)).forTask(taskOf(task, folder));
    const program = await model.compile([]);
    // A head that was trained is the checkpoint's own.
    const own = program.initialDelta(0);
    return {
      ...(program.generate && {
        generate: (inputs, _, gates, options) => program.generate!(inputs, own, gates, options),
      }),
      choose: (inputs, outputs) => program.choose(inputs, outputs, own),
      release: () => program.release(),
    };
  },
};
