import { createHash } from 'node:crypto';
import { elementCount } from '../../core/arrays.ts';
import { InputError } from '../../core/errors.ts';
import type { Program } from '../../core/program.ts';
import { biasName, type DeltaModule, type Site, weightShape } from '../../core/site.ts';
import { checkTokenizerFits } from '../../data/tokenizer/load-tokenizer.ts';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.ts';
import { type Head, layoutOf } from '../../deltas/layout.ts';
import { readCheckpointIndex, SHARD_INDEX, SINGLE_FILE } from '../../files/checkpoint-files.ts';
import { isThere } from '../../files/regular-file.ts';
import { hasExactInt8Products } from '../../runtime/probe-device.ts';
import type { ProgramGraphs, StandaloneGraphs } from '../../runtime/program-graphs.ts';
import type { CompileSettings, SessionSettings } from '../../runtime/session.ts';
import type { AnswerKind, Codec, CodecOptions, CodedTask } from '../codec.ts';
import type { Model, ModelSketch } from '../model.ts';
import { type QuantizedWeights, quantizedWeights, sketchedWeights } from '../quantized-weights.ts';
import { readWeightSample, type Weight, type Weights } from '../read-weight.ts';
import type { Blueprint } from './builder.ts';
import { type CheckpointNames, findWeights, readFiles, type Tensors, weightOf } from './find-weights.ts';

/** How a backbone answers in one way: what its family makes of a blueprint. */
export interface Answers<Config> {
  /** What is trained for it beside the modules. */
  readonly heads: readonly Head[];
  program(blueprint: Blueprint<Config>, settings: SessionSettings): Program;
  graphs(blueprint: Blueprint<Config>): ProgramGraphs;
  /** What is to be said of the choice: something trained that is not made use of. */
  readonly notice?: string;
  /** Absent where the family has no form to be run without this program. */
  standalone?(blueprint: Blueprint<Config>): StandaloneGraphs;
}

/** What a family says of a checkpoint: all that its loading asks for. */
export interface Backbone<Config, Words extends Tokenizer = Tokenizer> extends CheckpointNames {
  /** Parsed and checked; the fingerprint holds all of it. */
  readonly config: Config;
  readonly vocabSize: number;
  /** `Model.learningRate` */
  readonly learningRate?: number;
  /** Every place where modules can attach, in the order of the forward pass. */
  readonly sites: readonly Site[];
  /** Names of the tensors that `answers` reads, where the checkpoint has them. */
  readonly headTensors?: readonly string[];
  loadTokenizer(folder: string): Promise<Words>;
  /** How the model reads a task's examples and answers them. */
  codec(tokenizer: Words, task: CodedTask, options: CodecOptions): Codec;
  /** The kind of answers that it gives to a task. */
  answersFor(task: CodedTask): AnswerKind;
  /**
   * How the model answers; without a kind as its checkpoint does.
   * @throws InputError where the family cannot
   */
  answers(kind: AnswerKind | undefined): Answers<Config> | Promise<Answers<Config>>;
}

/**
 * Loads a model of any family from its folder: tokenizer, and where each weight stands. The weights are read through
 * once for each state of their files, for their hash and for numbers that are none; after that no more than samples of
 * them before a program runs. `describe` is told what
 * tensors there are.
 */
export async function loadBackbone<Config, Words extends Tokenizer>(
  name: string,
  folder: string,
  describe: (tensors: Tensors) => Backbone<Config, Words>,
  settings: CompileSettings,
): Promise<Model> {
  const tensors = await readCheckpointIndex(folder);
  const backbone = describe(tensors);
  const { config, sites, vocabSize, headTensors } = backbone;
  const weights = await findWeights(tensors, sites, backbone, folder, headTensors);
  const tokenizer = await backbone.loadTokenizer(folder);
  checkTokenizerFits(tokenizer, vocabSize, folder);
  const { hashes, warnings } = await readFiles(folder, tensors, weights);
  const fingerprint = await fingerprintOf(weights, config);
  const sizes = Array.from(weights.values(), ({ shape }) => elementCount(shape));
  const matrices = blockMatrices(weights, sites);
  const quantized = settings.precision === 'int8' ? await quantizedBlocks(matrices, settings) : undefined;

  // One model for a kind of answers: who is given it again knows it, and what was compiled of it.
  const made = new Map<string, Promise<Model>>();
  const answering = (kind?: AnswerKind): Promise<Model> => {
    const key = JSON.stringify(kind ?? null);
    const model = made.get(key) ?? make(kind);
    made.set(key, model);
    return model;
  };
  const make = async (kind?: AnswerKind): Promise<Model> => {
    const { heads, program, graphs, standalone, notice } = await backbone.answers(kind);
    const blueprint = (
      modules: readonly DeltaModule[],
      { recompute = false, precision }: Pick<CompileSettings, 'recompute' | 'precision'> = settings,
    ): Blueprint<Config> => ({
      config,
      weights,
      ...(precision === 'int8' && { quantized: quantized ?? sketchedWeights(matrices) }),
      layout: layoutOf(modules, heads),
      recompute,
    });
    return {
      name,
      folder,
      parameters: sizes.reduce((sum, size) => sum + size, 0),
      ...(backbone.learningRate !== undefined && { learningRate: backbone.learningRate }),
      fingerprint,
      hashes,
      warnings: notice === undefined ? warnings : [...warnings, notice],
      sites,
      heads,
      tokenizer,
      weights,
      codec: (task, options) => backbone.codec(tokenizer, task, options),
      answering,
      forTask: async task => answering(backbone.answersFor(task)),
      layout: modules => layoutOf(modules, heads),
      compile: async modules => program(blueprint(modules), settings),
      graphs: (modules, changes) => graphs(blueprint(modules, { ...settings, ...changes })),
      ...(standalone && {
        standalone: (ownWeights: Weights, modules: readonly DeltaModule[], delta: Float32Array) =>
          standalone({ config, weights: ownWeights, layout: layoutOf(modules, heads), constants: delta }),
      }),
    };
  };
  return answering();
}

/** Tells models apart by their form and by their weights, without reading all of them. */
async function fingerprintOf(weights: Weights, config: unknown): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(config));
  for (const weight of weights.values()) {
    hash.update(`${weight.name} ${weight.shape};`).update(await readWeightSample(weight));
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Weights of the blocks' linear maps, where nearly all of the time goes: all but what comes before and after the
 * blocks.
 */
function blockMatrices(weights: Weights, sites: readonly Site[]): Weights {
  const maps = sites.filter(({ host, role }) => host === 'linear' && role !== 'lm-head' && role !== 'pooler');
  return new Map(maps.map(({ name }) => [name, weights.get(name)!]));
}

/**
 * @throws InputError on another device than the CPU, and where products of 8-bit integers are not exact on this
 * processor
 */
async function quantizedBlocks(matrices: Weights, { device = 'cpu' }: CompileSettings): Promise<QuantizedWeights> {
  // Other devices have no kernel, and would leave these products to the CPU without a word.
  if (device !== 'cpu') {
    throw new InputError(`${device} does not multiply 8-bit integers: the CPU alone does`, {
      code: 'int8-unsupported',
      where: '--precision, --device',
      remedy: 'give `--precision float32`, or `--device cpu`',
    });
  }
  if (await hasExactInt8Products()) return quantizedWeights(matrices);
  throw new InputError('this processor cuts off products of 8-bit integers: it has no instructions made for them', {
    code: 'int8-unsupported',
    where: '--precision',
    remedy: 'give `--precision float32`, or leave it out',
  });
}

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
