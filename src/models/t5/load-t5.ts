import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { DeltaModule } from '../../core/delta-module.ts';
import { elementCount } from '../../core/element-count.ts';
import { InputError } from '../../core/errors.ts';
import { checkTokenizerFits, loadTokenizer } from '../../data/tokenizer/load-tokenizer.ts';
import { layoutOf } from '../../deltas/layout.ts';
import { readCheckpointIndex } from '../../files/checkpoint-index.ts';
import { hasExactInt8Products } from '../../runtime/probe-int8.ts';
import type { CompileSettings } from '../../runtime/session.ts';
import type { Model } from '../model.ts';
import { type QuantizedWeights, quantizedWeights, sketchedWeights } from '../quantized-weights.ts';
import { readWeightSample } from '../read-weight.ts';
import type { Weights } from '../weight.ts';
import { standaloneGraphs } from './standalone.ts';
import { answersAfterSentinel, t5Codec } from './t5-codec.ts';
import { parseT5Config, type T5Config } from './t5-config.ts';
import { programGraphs } from './t5-graphs.ts';
import { createProgram } from './t5-program.ts';
import { t5Sites } from './t5-sites.ts';
import { blockMatrices, t5Weights } from './t5-weights.ts';

/**
 * Loads a T5 from its folder: config, tokenizer, and where each weight stands. Of the weights no more than samples are read
 * before a program runs, but for those that are to be rounded, the first time.
 */
export async function loadT5(
  name: string,
  folder: string,
  configJson: unknown,
  settings: CompileSettings,
): Promise<Model> {
  const config = parseT5Config(configJson, join(folder, 'config.json'));
  const weights = await t5Weights(await readCheckpointIndex(folder), config, folder);
  const tokenizer = await loadTokenizer(folder);
  checkTokenizerFits(tokenizer, config.vocabSize, folder);
  const sentinel = answersAfterSentinel(configJson);
  const fingerprint = await fingerprintOf(weights, config);
  const sizes = Array.from(weights.values(), ({ shape }) => elementCount(shape));
  const quantized = settings.precision === 'int8' ? await quantizedBlocks(weights, config, settings) : undefined;
  const blueprint = (
    modules: readonly DeltaModule[],
    { recompute = false, precision }: Pick<CompileSettings, 'recompute' | 'precision'> = settings,
  ) => ({
    config,
    weights,
    ...(precision === 'int8' && { quantized: quantized ?? sketchedWeights(blockMatrices(weights, config)) }),
    layout: layoutOf(modules),
    recompute,
  });
  return {
    name,
    folder,
    parameters: sizes.reduce((sum, size) => sum + size, 0),
    fingerprint,
    sites: t5Sites(config),
    tokenizer,
    codec: (task, options) => t5Codec(tokenizer, task, { ...options, sentinel: options.sentinel ?? sentinel }),
    weights,
    compile: async modules => createProgram(blueprint(modules), settings),
    graphs: (modules, changes) => programGraphs(blueprint(modules, { ...settings, ...changes })),
    standalone: (ownWeights, modules, delta) =>
      standaloneGraphs({ config, weights: ownWeights, layout: layoutOf(modules), constants: delta }),
  };
}

/** Tells models apart by their form and by their weights, without reading all of them. */
async function fingerprintOf(weights: Weights, config: T5Config): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(config));
  for (const weight of weights.values()) {
    hash.update(`${weight.name} ${weight.shape};`).update(await readWeightSample(weight));
  }
  return hash.digest('hex').slice(0, 16);
}

/** @throws InputError on another device than the CPU, and where products of 8-bit integers are not exact on this processor */
async function quantizedBlocks(
  weights: Weights,
  config: T5Config,
  { device = 'cpu' }: CompileSettings,
): Promise<QuantizedWeights> {
  // Other devices have no kernel, and would leave these products to the CPU without a word.
  if (device !== 'cpu') {
    throw new InputError(`${device} does not multiply 8-bit integers: the CPU alone does`, {
      where: '--precision, --device',
      remedy: 'give `--precision float32`, or `--device cpu`',
    });
  }
  if (await hasExactInt8Products()) return quantizedWeights(blockMatrices(weights, config));
  throw new InputError('this processor cuts off products of 8-bit integers: it has no instructions made for them', {
    where: '--precision',
    remedy: 'give `--precision float32`, or leave it out',
  });
}
