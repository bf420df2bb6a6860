import type { EncodedInput, Program } from '../../core/program.ts';
import { type Initializer, ZEROS } from '../../deltas/delta.ts';
import type { Head } from '../../deltas/layout.ts';
import type { Graph } from '../../graph/graph.ts';
import { lower } from '../../graph/lower.ts';
import {
  cast,
  exp,
  expand,
  gemm,
  layerNorm,
  log,
  matmul,
  mul,
  neg,
  range,
  reduceSum,
  reshape,
  sub,
} from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { ProgramGraphs, StandaloneGraphs } from '../../runtime/program-graphs.ts';
import type { Feed, Feeds, SessionSettings } from '../../runtime/session.ts';
import { readWeight } from '../read-weight.ts';
import { type AnswerForm, answerForm, type HeadAnswer } from './answer-forms.ts';
import type { Blueprint, Builder } from './builder.ts';
import { type Tensors, tensorAsWeight, weightOf } from './find-weights.ts';
import type { Answers } from './load-backbone.ts';
import { isOther, longestOf, paddedLength, type Rows } from './padding.ts';
import { createProgramCore, type Forward, outputGraph, tokensPerRun } from './program-core.ts';
import { curvatureGraph, trainingGraph } from './step-graphs.ts';

/** One layer of a head, named as in the checkpoint (`classifier.dense`): a linear map, or a norm. */
export type HeadLayer = HeadMap | HeadNorm;

interface HeadMap {
  readonly name: string;
  readonly outFeatures: number;
  /** Default true. */
  readonly hasBias?: boolean;
  /** What follows the map; nothing after the last. */
  readonly activation?: (x: Value) => Value;
}

interface HeadNorm {
  readonly name: string;
  readonly epsilon: number;
  readonly hasBias: boolean;
}

/** Standard deviation of fresh weights, as transformers draws those of classifiers. */
const FRESH: Initializer = { distribution: 'normal', standardDeviation: 0.02 };

/** What a checkpoint has trained of heads. */
export interface TrainedHeads {
  readonly tensors: Tensors;
  /** The checkpoint's folder, for errors. */
  readonly where: string;
  /** Rows of the last layer that are taken over, in this order; it begins fresh where these are none (default all). */
  readonly rows?: readonly number[];
}

/**
 * Heads, one a layer, of texts' states [batch, width]. Where a checkpoint has trained them in the same shapes they
 * begin as it has them, else fresh.
 */
async function textHeads(
  width: number,
  layers: readonly HeadLayer[],
  { freshBias = ZEROS }: Pick<AnswerForm, 'freshBias'>,
  trained: TrainedHeads,
): Promise<Head[]> {
  const heads: Head[] = [];
  let inFeatures = width;
  for (const layer of layers) {
    const outFeatures = 'epsilon' in layer ? inFeatures : layer.outFeatures;
    const parameters: [string, readonly number[], Initializer][] =
      'epsilon' in layer
        ? [['weight', [outFeatures], { distribution: 'given', values: new Float32Array(outFeatures).fill(1) }]]
        : [['weight', [outFeatures, inFeatures], FRESH]];
    const isLast = layer === layers.at(-1);
    if (layer.hasBias ?? true) parameters.push(['bias', [outFeatures], isLast ? freshBias : ZEROS]);
    const rows = isLast ? trained.rows : undefined;
    const stands =
      rows?.length !== 0 &&
      parameters.every(([part, shape]) => trained.tensors.get(`${layer.name}.${part}`)?.shape.join() === shape.join());
    heads.push({
      name: layer.name,
      parameters: await Promise.all(
        parameters.map(async ([name, shape, fresh]) => ({
          name,
          shape,
          initializer: stands ? await givenBy(trained, `${layer.name}.${name}`, shape, rows) : fresh,
        })),
      ),
    });
    inFeatures = outFeatures;
  }
  return heads;
}

/** A trained tensor's values, its rows in another order where one is given. */
async function givenBy(
  { tensors, where }: TrainedHeads,
  tensor: string,
  shape: readonly number[],
  rows: readonly number[] | undefined,
): Promise<Initializer> {
  const values = await readWeight(await tensorAsWeight(tensors.get(tensor)!, tensor, shape, where));
  if (rows === undefined) return { distribution: 'given', values };
  const size = values.length / shape[0]!;
  const ordered = rows.flatMap(row => [...values.subarray(row * size, (row + 1) * size)]);
  return { distribution: 'given', values: Float32Array.from(ordered) };
}

/** Texts' states [batch, width] through the layers of a head, one after the other. */
function applyHead(builder: Builder, layers: readonly HeadLayer[], states: Value): Value {
  return layers.reduce((x, layer) => {
    const { weight, bias } = builder.head(layer.name);
    if ('epsilon' in layer) return layerNorm(x, weight!, bias, layer.epsilon);
    const { activation = y => y } = layer;
    return activation(gemm(x, weight!, { transB: true, ...(bias && { c: bias }) }));
  }, states);
}

/** Names of a head's tensors in a checkpoint. */
export function headTensors(names: readonly string[]): string[] {
  return names.flatMap(name => [weightOf(name), `${name}.bias`]);
}

/** Which of a text's states stand for it: of its first token, of its last, or their mean. */
export type Pooling = 'first' | 'last' | 'mean';

/** A text's weights by the positions of its tokens, which sum to 1. */
const weighers: Readonly<Record<Pooling, (tokens: readonly number[]) => ReadonlyMap<number, number>>> = {
  first: tokens => new Map(tokens.slice(0, 1).map(position => [position, 1])),
  last: tokens => new Map(tokens.slice(-1).map(position => [position, 1])),
  mean: tokens => new Map(tokens.map(position => [position, 1 / tokens.length])),
};

/**
 * What `pool` is fed, [texts, length] row by row. `mask` has 1 at each text's tokens and 0 at padding, on whichever
 * side. A text without tokens gets zeros.
 */
export function poolingWeights(pooling: Pooling, mask: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(
    mask.flatMap(row => {
      const weights = weighers[pooling](row.flatMap((isToken, position) => (isToken ? [position] : [])));
      return row.map((_, position) => weights.get(position) ?? 0);
    }),
  );
}

/** What `pool` is fed for texts padded at their ends: float32 [texts, length]. */
export function poolingFeed(pooling: Pooling, rows: Rows, length: number): Feed {
  const mask = rows.map(row => Array.from({ length }, (_, position) => Number(position < row.length)));
  return { type: 'float32', data: poolingWeights(pooling, mask), dims: [rows.length, length] };
}

/** The same within a graph, of texts padded at their ends: mask int64 [batch, length], float32 out. */
function poolingWithin(pooling: Pooling, mask: Value): Value {
  const { graph, shape } = mask;
  const [batch, length] = shape as [string, string];
  const tokens = cast(mask, 'float32');
  const count = reduceSum(tokens, [1]);
  if (pooling === 'mean') return mul(tokens, exp(neg(log(count))));
  const positions = expand(reshape(range(graph, length), [1, length]), [batch, length]);
  // 1 where a token is as far from the first as the one that is looked for.
  const wanted = pooling === 'first' ? graph.int64(0) : sub(cast(count, 'int64'), graph.int64(1));
  return sub(graph.scalar(1), cast(isOther(positions, wanted), 'float32'));
}

/** States [batch·length, width], each text's weighted by `weights` [batch, length] → their sum, [batch, width]. */
export function pool(states: Value, weights: Value): Value {
  const [batch, length] = weights.shape;
  const width = states.shape[1]!;
  const summed = matmul(reshape(weights, [batch!, 1, length!]), reshape(states, [batch!, length!, width]));
  return reshape(summed, [batch!, width]);
}

/** What a family that reads texts gives, to answer by a head: classes, numbers, choices. */
export interface TextReader<Config> {
  /** Adds the forward pass: the last states [batch·source, width]. Its inputs have extents `batch` and `source`. */
  states(builder: Builder<Config>): Value;
  /** Which of them stand for a text. */
  readonly pooling: Pooling;
  /**
   * Adds the forward pass of what stands for a text alone, [batch, width], for less than that of all states: `pool`
   * takes it of states [batch·source, width] that come before.
   */
  stateOf?(builder: Builder<Config>, pool: (states: Value) => Value): Value;
  /** What becomes of a text's state [batch, width] before the head (default: nothing). */
  readonly pooled?: (builder: Builder<Config>, state: Value) => Value;
  /** What `states` reads of texts; lengths are padded as `paddedLength` says. */
  feeds(texts: readonly EncodedInput[]): Feeds;
  /** The same within a graph, for a model that is run without this program: absent where there is no such form. */
  readonly feedsWithin?: (graph: Graph, rows: StandaloneRows) => Readonly<Record<string, Value>>;
  /** Whether it reads which of two texts a token is of (default: no). */
  readonly hasTypes?: boolean;
  /** Longest text in tokens, where there is such. */
  readonly longest?: number;
  /** Of a text's state. */
  readonly width: number;
  /** The head that gives so many numbers, layer by layer. */
  head(numbers: number): readonly HeadLayer[];
  /** Of the feed-forwards, for the best size of a run. */
  readonly feedForwardWidth: number;
}

/**
 * What a standalone model reads: ids, which tokens are no padding, and of which text each is; int64 [batch, source].
 */
export interface StandaloneRows {
  readonly ids: Value;
  readonly mask: Value;
  readonly types: Value;
}

/** How a reader of texts answers by a head, which begins as the checkpoint has trained it. */
export async function headAnswers<Config>(
  reader: TextReader<Config>,
  answer: HeadAnswer,
  trained: TrainedHeads,
): Promise<Answers<Config>> {
  const form = answerForm(answer);
  const layers = reader.head(form.numbers);
  const heads = await textHeads(reader.width, layers, form, trained);
  const forward = forwardOf(reader, form, layers);
  const logitsOf = (blueprint: Blueprint<Config>): Graph => outputGraph(blueprint, 'logits', forward.logits);
  const { feedsWithin } = reader;
  return {
    heads,
    ...(feedsWithin && {
      standalone: blueprint =>
        // A choice is a text with a number: whoever runs the graph knows which texts belong together.
        standaloneClassifier(outputGraph(blueprint, 'logits', forward.numbers), { ...reader, feedsWithin }),
    }),
    graphs: (blueprint): ProgramGraphs => ({
      tokensPerRun: tokensPerRun(reader.feedForwardWidth),
      training: trainingGraph(blueprint, forward.loss),
      curvature: () => curvatureGraph(blueprint, forward.loss),
      answering: () => [{ graph: logitsOf(blueprint), runs: () => 1 }],
      extents: ({ rows, source }) => ({ batch: rows, source: paddedLength(source), examples: rows, choices: 1 }),
    }),
    program(blueprint: Blueprint<Config>, settings: SessionSettings): Program {
      const options = { heads, tokensPerRun: tokensPerRun(reader.feedForwardWidth, settings.device) };
      const { program, session, deltaFeed } = createProgramCore(blueprint, forward, options, settings);
      return {
        ...program,
        async choose(inputs, outputs, delta, gates) {
          if (inputs.length === 0) return [];
          const scoring = await session('scoring', logitsOf);
          const { logits } = await scoring.run({ ...deltaFeed(delta, gates), ...inputFeeds(reader, form, inputs) });
          const classes = logits!.dims[1]!;
          const data = logits!.data as Float32Array;
          return inputs.map((_, row) => form.scores(data.subarray(row * classes, (row + 1) * classes), outputs));
        },
      };
    },
  };
}

/** (input_ids, attention_mask, token_type_ids) [batch, source] → logits [batch, numbers]. */
function standaloneClassifier(
  logits: Graph,
  {
    feedsWithin,
    pooling,
    hasTypes = false,
    longest,
  }: Pick<TextReader<never>, 'pooling' | 'hasTypes' | 'longest'> & Required<Pick<TextReader<never>, 'feedsWithin'>>,
): StandaloneGraphs {
  const model = lower(
    logits,
    {},
    {
      inputs(graph) {
        const rows = (name: string) => graph.input(name, 'int64', ['batch', 'source']);
        const [ids, mask] = [rows('input_ids'), rows('attention_mask')];
        // The first text is type 0, and so is everything where a family tells no texts apart.
        const types = hasTypes ? rows('token_type_ids') : mul(ids, graph.int64(0));
        return { ...feedsWithin(graph, { ids, mask, types }), pooling: poolingWithin(pooling, mask) };
      },
    },
  );
  const facts = { hasTypes: Number(hasTypes) };
  return { graphs: { model }, form: 'classifier', facts, config: {}, ...(longest !== undefined && { longest }) };
}

function forwardOf<Config>(
  reader: TextReader<Config>,
  form: AnswerForm,
  layers: readonly HeadLayer[],
): Forward<Config> & { numbers(builder: Builder<Config>): Value } {
  const numbers = (builder: Builder<Config>): Value => applyHead(builder, layers, textStates(reader, builder));
  const logits = (builder: Builder<Config>): Value => form.logits(builder.graph, numbers(builder));
  const inputsOf = (batch: readonly { readonly input: EncodedInput }[]) => batch.map(({ input }) => input);
  return {
    ...{ numbers, logits },
    logitsFeeds: batch => inputFeeds(reader, form, inputsOf(batch)),
    states: builder => reshape(reader.states(builder), ['batch', 'source', reader.width]),
    statesFeeds: batch => reader.feeds(form.textsOf(inputsOf(batch))),
    loss: builder => form.loss(builder.graph, logits(builder)),
    lossFeeds: batch => ({ ...inputFeeds(reader, form, inputsOf(batch)), ...form.lossFeeds(batch) }),
  };
}

/** One state a text, [batch, width]. */
function textStates<Config>({ states, stateOf, pooled }: TextReader<Config>, builder: Builder<Config>): Value {
  const weights = builder.graph.input('pooling', 'float32', ['batch', 'source']);
  const pooling = (of: Value) => pool(of, weights);
  const state = stateOf ? stateOf(builder, pooling) : pooling(states(builder));
  return pooled ? pooled(builder, state) : state;
}

function inputFeeds<Config>(
  { feeds, pooling }: TextReader<Config>,
  { textsOf, logitsFeeds }: AnswerForm,
  inputs: readonly EncodedInput[],
): Feeds {
  const texts = textsOf(inputs);
  const rows = texts.map(({ ids }) => ids);
  const weights = poolingFeed(pooling, rows, paddedLength(longestOf(rows)));
  return { ...feeds(texts), pooling: weights, ...logitsFeeds(inputs) };
}
