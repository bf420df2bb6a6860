import { disposeOf, type Feeds } from '../../runtime/session.ts';
import { type CacheForm, emptyPast, pastOf } from './key-value-cache.ts';

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
