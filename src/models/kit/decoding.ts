import { elementCount } from '../../core/arrays.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, mul } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import { disposeOf, type Feeds } from '../../runtime/session.ts';
import type { Recall } from './attention.ts';

/** A generation, a token of every row a run. */
export interface GreedyDecoding {
  /** What each row reads first. */
  readonly firstIds: readonly number[];
  readonly maxTokens: number;
  readonly endId: number;
  readonly padId: number;
  readonly cache: CacheForm;
  /** Runs the decoding graph on what the rows said last, at `position` of their answers: `nextIds` and the presents. */
  run(ids: readonly number[], position: number, past: Feeds): Promise<Feeds>;
}

/** Takes the likeliest token each time, until every row has ended. Ids without padding and end, a list a row. */
export async function decodeGreedily(decoding: GreedyDecoding): Promise<number[][]> {
  const { firstIds, maxTokens, endId, padId, cache, run } = decoding;
  const answers: number[][] = firstIds.map(() => []);
  const finished = new Set<number>();
  let ids = firstIds;
  let past = emptyPast(firstIds.length, maxTokens, cache);
  try {
    for (let position = 0; position < maxTokens && finished.size < firstIds.length; position++) {
      const { nextIds, ...present } = await run(ids, position, past);
      disposeOf(past);
      past = pastOf(present, cache);
      ids = Array.from(nextIds!.data as BigInt64Array, Number);
      for (const [row, id] of ids.entries()) {
        if (id === endId) finished.add(row);
        if (!finished.has(row)) answers[row]!.push(id);
      }
    }
  } finally {
    disposeOf(past);
  }
  return answers.map(answer => answer.filter(id => id !== padId));
}

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
function emptyPast(rows: number, length: number, form: CacheForm): Feeds {
  const dims = [rows, form.keyHeads, length, form.headWidth];
  const data = new Float32Array(elementCount(dims));
  return Object.fromEntries(cachedNames(form).map(name => [PAST + name, { type: 'float32', data, dims }]));
}

/** What the next token's run reads, of the outputs of this one. */
function pastOf(outputs: Feeds, form: CacheForm): Feeds {
  return Object.fromEntries(cachedNames(form).map(name => [PAST + name, outputs[PRESENT + name]!]));
}

function cachedNames({ attentions }: CacheForm): string[] {
  return attentions.flatMap(name => ['keys', 'values'].map(kind => `${name}.${kind}`));
}
