import type { Initializer } from '../../deltas/delta.ts';
import type { Head } from '../../deltas/layout.ts';
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
import type { Feed } from '../../runtime/session.ts';
import { readWeight } from '../read-weight.ts';
import type { Builder } from './builder.ts';
import { type Tensors, tensorAsWeight, weightOf } from './find-weights.ts';
import { isOther, type Rows } from './padding.ts';

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
const ZEROS: Initializer = { distribution: 'zeros' };

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
export async function textHeads(width: number, layers: readonly HeadLayer[], trained: TrainedHeads): Promise<Head[]> {
  const heads: Head[] = [];
  let inFeatures = width;
  for (const layer of layers) {
    const outFeatures = 'epsilon' in layer ? inFeatures : layer.outFeatures;
    const parameters: [string, readonly number[], Initializer][] =
      'epsilon' in layer
        ? [['weight', [outFeatures], { distribution: 'given', values: new Float32Array(outFeatures).fill(1) }]]
        : [['weight', [outFeatures, inFeatures], FRESH]];
    if (layer.hasBias ?? true) parameters.push(['bias', [outFeatures], ZEROS]);
    const rows = layer === layers.at(-1) ? trained.rows : undefined;
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
export function applyHead(builder: Builder, layers: readonly HeadLayer[], states: Value): Value {
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
export function poolingWithin(pooling: Pooling, mask: Value): Value {
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
