import { elementCount } from '../../core/arrays.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, mul } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feeds } from '../../runtime/session.ts';
import type { Recall } from './attention.ts';

/** The self-attentions whose keys and values an answer's tokens leave behind, and the form of these. */
export interface CacheForm {
  /** Names of the self-attentions, as their `recall` is given them. */
  readonly attentions: readonly string[];
  readonly keyHeads: number;
  readonly headWidth: number;
}

/**
 * Keys and values of the tokens of an answer that were read before: the decoding graph gets each as `past.NAME` [batch,
 * keyHeads, target, headWidth], with zeros where no token stands yet, and gives it back as `present.NAME`.
 */
const PAST = 'past.';
const PRESENT = 'present.';

/** Has self-attentions look at all tokens read so far; their own one stands where `place` [1, 1, target, 1] is 1. */
export function recallPast(graph: Graph, { keyHeads, headWidth }: CacheForm): Recall {
  const place = graph.input('place', 'float32', [1, 1, 'target', 1]);
  const remember = (name: string, own: Value): Value => {
    const past = graph.input(PAST + name, 'float32', ['batch', keyHeads, 'target', headWidth]);
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
export const presentNames = (form: CacheForm): string[] => cachedNames(form).map(name => PRESENT + name);

/** What the run of the first of `length` tokens reads: nothing was before it. */
export function emptyPast(rows: number, length: number, form: CacheForm): Feeds {
  const dims = [rows, form.keyHeads, length, form.headWidth];
  const data = new Float32Array(elementCount(dims));
  return Object.fromEntries(cachedNames(form).map(name => [PAST + name, { type: 'float32', data, dims }]));
}

/** What the next token's run reads, of the outputs of this one. */
export function pastOf(outputs: Feeds, form: CacheForm): Feeds {
  return Object.fromEntries(cachedNames(form).map(name => [PAST + name, outputs[PRESENT + name]!]));
}

function cachedNames({ attentions }: CacheForm): string[] {
  return attentions.flatMap(name => ['keys', 'values'].map(kind => `${name}.${kind}`));
}
