import type { Initializer } from '../../deltas/delta.ts';
import type { Head } from '../../deltas/layout.ts';
import { gemm } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import { readWeight } from '../read-weight.ts';
import type { Builder } from './builder.ts';
import { type Tensors, tensorAsWeight, weightOf } from './find-weights.ts';

/** One linear map of a head, with its bias. */
export interface HeadLayer {
  /** As the checkpoint names it: `classifier.dense`. */
  readonly name: string;
  readonly outFeatures: number;
  /** What follows the map; nothing after the last. */
  readonly activation?: (x: Value) => Value;
}

/** Standard deviation of fresh weights, as transformers draws those of classifiers. */
const FRESH: Initializer = { distribution: 'normal', standardDeviation: 0.02 };

/**
 * Heads, one a layer, of texts' states [batch, width]. Where a checkpoint has trained them in the same shapes they
 * begin as it has them, else fresh.
 * @param where the checkpoint's folder, for errors
 */
export async function textHeads(
  width: number,
  layers: readonly HeadLayer[],
  tensors: Tensors,
  where: string,
): Promise<Head[]> {
  const heads: Head[] = [];
  let inFeatures = width;
  for (const { name, outFeatures } of layers) {
    const shapes = { weight: [outFeatures, inFeatures], bias: [outFeatures] };
    const stands = Object.entries(shapes).every(
      ([part, shape]) => tensors.get(`${name}.${part}`)?.shape.join() === shape.join(),
    );
    const initializer = async (part: 'weight' | 'bias'): Promise<Initializer> => {
      if (!stands) return part === 'weight' ? FRESH : { distribution: 'zeros' };
      const tensor = `${name}.${part}`;
      const weight = await tensorAsWeight(tensors.get(tensor)!, tensor, shapes[part], where);
      return { distribution: 'given', values: await readWeight(weight) };
    };
    heads.push({
      name,
      parameters: [
        { name: 'weight', shape: shapes.weight, initializer: await initializer('weight') },
        { name: 'bias', shape: shapes.bias, initializer: await initializer('bias') },
      ],
    });
    inFeatures = outFeatures;
  }
  return heads;
}

/** Texts' states [batch, width] through the layers of a head, one after the other. */
export function applyHead(builder: Builder, layers: readonly HeadLayer[], states: Value): Value {
  return layers.reduce((x, { name, activation = y => y }) => {
    const { weight, bias } = builder.head(name);
    return activation(gemm(x, weight!, { transB: true, c: bias! }));
  }, states);
}

/** Names of a head's tensors in a checkpoint. */
export function headTensors(names: readonly string[]): string[] {
  return names.flatMap(name => [weightOf(name), `${name}.bias`]);
}
