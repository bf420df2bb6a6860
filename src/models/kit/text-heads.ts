import type { Initializer } from '../../deltas/delta.ts';
import type { Head } from '../../deltas/layout.ts';
import { gemm, layerNorm } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import { readWeight } from '../read-weight.ts';
import type { Builder } from './builder.ts';
import { type Tensors, tensorAsWeight, weightOf } from './find-weights.ts';

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
