import { elementCount } from '../../core/element-count.ts';
import { add, mul } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feeds } from '../../runtime/session.ts';
import type { Recall } from './attention.ts';
import type { T5Builder } from './builder.ts';
import type { T5Config } from './t5-config.ts';

/**
 * Keys and values of the tokens of an answer that were read before, of every self-attention of the decoder: the decoding graph gets each as
 * `past.NAME` [batch, heads, target, headWidth], with zeros where no token stands yet, and gives it back as `present.NAME`.
 */
const PAST = 'past.';
const PRESENT = 'present.';

/** Has self-attentions look at all tokens read so far; their own one stands where `place` [1, 1, target, 1] is 1. */
export function recallPast({ graph, config }: T5Builder): Recall {
  const place = graph.input('place', 'float32', [1, 1, 'target', 1]);
  const remember = (name: string, own: Value): Value => {
    const past = graph.input(PAST + name, 'float32', ['batch', config.numHeads, 'target', config.headWidth]);
    const present = add(past, mul(own, place));
    graph.output(PRESENT + name, present);
    return present;
  };
  return (name, { keys, values }) => ({
    keys: remember(`${name}.keys`, keys),
    values: remember(`${name}.values`, values),
  });
}

/** The outputs that the next token's run reads. */
export const presentNames = (config: T5Config): string[] => cachedNames(config).map(name => PRESENT + name);

/** What the run of the first of `length` tokens reads: nothing was before it. */
export function emptyPast(rows: number, length: number, config: T5Config): Feeds {
  const dims = [rows, config.numHeads, length, config.headWidth];
  const data = new Float32Array(elementCount(dims));
  return Object.fromEntries(cachedNames(config).map(name => [PAST + name, { type: 'float32', data, dims }]));
}

/** What the next token's run reads, of the outputs of this one. */
export function pastOf(outputs: Feeds, config: T5Config): Feeds {
  return Object.fromEntries(cachedNames(config).map(name => [PAST + name, outputs[PRESENT + name]!]));
}

function cachedNames({ decoderLayers }: T5Config): string[] {
  return Array.from({ length: decoderLayers }, (_, layer) =>
    ['keys', 'values'].map(kind => `decoder.block.${layer}.layer.0.SelfAttention.${kind}`),
  ).flat();
}
