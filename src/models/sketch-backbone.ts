import { elementCount } from '../core/arrays.ts';
import { biasName, type Site, weightShape } from '../core/site.ts';
import { layoutOf } from '../deltas/layout.ts';
import { readCheckpointIndex, SHARD_INDEX, SINGLE_FILE } from '../files/checkpoint-index.ts';
import { isThere } from '../files/regular-file.ts';
import { type Tensors, weightOf } from './kit/find-weights.ts';
import { type Backbone, blockMatrices } from './kit/load-backbone.ts';
import type { ModelSketch } from './model.ts';
import { sketchedWeights } from './quantized-weights.ts';
import type { Weight, Weights } from './read-weight.ts';

/** Bytes of a number of the weights where no file holds them yet: they are planned as float32. */
const BYTES = 4;

/** The tensors of a checkpoint in a folder; undefined where its weights are not there. */
export async function tensorsIn(folder: string): Promise<Tensors | undefined> {
  const hasWeights = [SINGLE_FILE, SHARD_INDEX].some(name => isThere(`${folder}/${name}`));
  return hasWeights ? readCheckpointIndex(folder) : undefined;
}

/** A backbone as its config.json describes it: no weight is read, and none need be there. */
export async function sketchBackbone<Config>(
  name: string,
  { config, sites, answers, learningRate }: Pick<Backbone<Config>, 'config' | 'sites' | 'answers' | 'learningRate'>,
): Promise<ModelSketch> {
  const weights = plannedWeights(sites);
  const { heads, graphs } = await answers(undefined);
  return {
    ...{ name, sites, heads },
    ...(learningRate !== undefined && { learningRate }),
    parameters: [...weights.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0),
    layout: modules => layoutOf(modules, heads),
    graphs: (modules, { recompute = false, precision } = {}) =>
      graphs({
        ...{ config, weights, recompute, layout: layoutOf(modules, heads) },
        ...(precision === 'int8' && { quantized: sketchedWeights(blockMatrices(weights, sites)) }),
      }),
  };
}

/** Weights as they would stand one after the other in a file of float32. */
function plannedWeights(sites: readonly Site[]): Weights {
  const weights = new Map<string, Weight>();
  let offset = 0;
  const put = (key: string, name: string, shape: readonly number[]) => {
    const byteLength = BYTES * elementCount(shape);
    weights.set(key, { name, shape, dtype: 'float32', file: 'not there yet', offset, byteLength });
    offset += byteLength;
  };
  for (const site of sites) {
    if (site.host === 'block') continue;
    if (!site.weightIsShared) put(site.name, weightOf(site.name), weightShape(site));
    if (site.hasBias) put(biasName(site), biasName(site), [site.outFeatures]);
  }
  return weights;
}
