import type { EncodedExample, EncodedOutput } from '../../core/program.ts';
import type { Feeds } from '../../runtime/session.ts';
import { relativeBuckets } from './buckets.ts';
import type { T5Config } from './t5-config.ts';

/** Added to the score of a position that must not be seen: exp of it is 0, and it survives float32 sums. */
export const MASKED = -1e9;
/** Source lengths are padded to a multiple of this, for few distinct shapes and whole vector registers. */
const SOURCE_MULTIPLE = 8;

/** What sources are padded to where the longest has that many tokens. */
export const paddedLength = (longest: number): number => Math.ceil(longest / SOURCE_MULTIPLE) * SOURCE_MULTIPLE;

type Rows = readonly (readonly number[])[];

/** Ids of texts to be said. */
export function targetIds(outputs: readonly EncodedOutput[]): (readonly number[])[] {
  return outputs.map(output => {
    if ('ids' in output) return output.ids;
    throw new RangeError('an encoder-decoder says texts, no classes and no numbers');
  });
}

/** inputIds, sourceMask and encoderBuckets of a padded batch of sources. */
export function sourceFeeds(sources: Rows, config: T5Config): Feeds {
  const length = paddedLength(Math.max(1, ...sources.map(({ length }) => length)));
  const mask = new Float32Array(sources.length * length);
  for (const [row, ids] of sources.entries()) mask.fill(MASKED, row * length + ids.length, (row + 1) * length);
  return {
    inputIds: { type: 'int32', data: padded(sources, length, config.padId), dims: [sources.length, length] },
    sourceMask: { type: 'float32', data: mask, dims: [sources.length, 1, 1, length] },
    encoderBuckets: { type: 'int32', data: relativeBuckets(length, true, config), dims: [length, length] },
  };
}

/** decoderIds, causalMask and decoderBuckets; `rows` are what the decoder reads, its start token first. */
export function decoderFeeds(rows: Rows, config: T5Config): Feeds {
  const length = Math.max(1, ...rows.map(row => row.length));
  const causal = new Float32Array(length * length);
  for (let query = 0; query < length; query++) causal.fill(MASKED, query * length + query + 1, (query + 1) * length);
  return {
    decoderIds: { type: 'int32', data: padded(rows, length, config.padId), dims: [rows.length, length] },
    causalMask: { type: 'float32', data: causal, dims: [1, 1, length, length] },
    decoderBuckets: { type: 'int32', data: relativeBuckets(length, false, config), dims: [length, length] },
  };
}

/** The same for one token a row, the one at `position` of answers of at most `length`, and `place`, where it stands. */
export function tokenFeeds(ids: readonly number[], position: number, length: number, config: T5Config): Feeds {
  const seen = Float32Array.from({ length }, (_, key) => (key > position ? MASKED : 0));
  const place = Float32Array.from({ length }, (_, key) => (key === position ? 1 : 0));
  const buckets = relativeBuckets(length, false, config).subarray(position * length, (position + 1) * length);
  return {
    decoderIds: { type: 'int32', data: Int32Array.from(ids), dims: [ids.length, 1] },
    causalMask: { type: 'float32', data: seen, dims: [1, 1, 1, length] },
    decoderBuckets: { type: 'int32', data: buckets, dims: [1, length] },
    place: { type: 'float32', data: place, dims: [1, 1, length, 1] },
  };
}

/** Labels shifted right: what the decoder reads under teacher forcing. */
export function shiftedRight(targets: Rows, config: T5Config): number[][] {
  return targets.map(target => [config.decoderStartId, ...target.slice(0, -1)]);
}

/** labels and lossWeights [batch·target, 1]: the loss is the mean over all target tokens of the batch. */
export function labelFeeds(targets: Rows, config: T5Config): Feeds {
  const length = Math.max(1, ...targets.map(target => target.length));
  const tokens = targets.reduce((sum, target) => sum + target.length, 0);
  const weights = new Float32Array(targets.length * length);
  for (const [row, target] of targets.entries()) weights.fill(1 / tokens, row * length, row * length + target.length);
  const dims = [targets.length * length, 1];
  return {
    labels: { type: 'int32', data: padded(targets, length, config.padId), dims },
    lossWeights: { type: 'float32', data: weights, dims },
  };
}

/** All that a teacher-forced pass reads. */
export function teacherForcingFeeds(batch: readonly EncodedExample[], config: T5Config): Feeds {
  const sources = batch.map(({ input }) => input.ids);
  const targets = targetIds(batch.map(({ output }) => output));
  return { ...sourceFeeds(sources, config), ...decoderFeeds(shiftedRight(targets, config), config) };
}

function padded(rows: Rows, length: number, padId: number): Int32Array {
  const ids = new Int32Array(rows.length * length).fill(padId);
  for (const [row, values] of rows.entries()) ids.set(values, row * length);
  return ids;
}
