import type { EncodedExample, EncodedOutput } from '../../core/program.ts';
import type { Feeds } from '../../runtime/session.ts';
import { causalMask, idsFeed, longestOf, MASKED, paddedLength, paddingMask, type Rows } from '../kit/padding.ts';
import { relativeBuckets } from '../kit/positions.ts';
import type { T5Config } from './t5-checkpoint.ts';

/** Ids of texts to be said. */
export function targetIds(outputs: readonly EncodedOutput[]): (readonly number[])[] {
  return outputs.map(output => {
    if ('ids' in output) return output.ids;
    throw new RangeError('an encoder-decoder says texts, no classes and no numbers');
  });
}

/** inputIds, sourceMask and encoderBuckets of a padded batch of sources. */
export function sourceFeeds(sources: Rows, config: T5Config): Feeds {
  const length = paddedLength(longestOf(sources));
  return {
    inputIds: idsFeed(sources, length, config.padId),
    sourceMask: paddingMask(sources, length),
    encoderBuckets: { type: 'int32', data: relativeBuckets(length, true, config), dims: [length, length] },
  };
}

/** decoderIds, causalMask and decoderBuckets; `rows` are what the decoder reads, its start token first. */
export function decoderFeeds(rows: Rows, config: T5Config): Feeds {
  const length = longestOf(rows);
  return {
    decoderIds: idsFeed(rows, length, config.padId),
    causalMask: causalMask(length),
    decoderBuckets: { type: 'int32', data: relativeBuckets(length, false, config), dims: [length, length] },
  };
}

/** Answers in their order, in groups of at most so many tokens, or of one. */
export function groupsOf(answers: Rows, tokens: number): Rows[] {
  const groups: (readonly number[])[][] = [];
  let room = Number.NEGATIVE_INFINITY;
  for (const answer of answers) {
    room -= answer.length;
    if (room < 0) {
      groups.push([]);
      room = tokens - answer.length;
    }
    groups.at(-1)!.push(answer);
  }
  return groups;
}

/**
 * `decoderFeeds` for one token a row, the one at `position` of answers of at most `length`, and `place`, where it
 * stands.
 */
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
function shiftedRight(targets: Rows, config: T5Config): number[][] {
  return targets.map(target => [config.decoderStartId, ...target.slice(0, -1)]);
}

/** All that a teacher-forced pass reads. */
export function teacherForcingFeeds(batch: readonly EncodedExample[], config: T5Config): Feeds {
  const sources = batch.map(({ input }) => input.ids);
  const targets = targetIds(batch.map(({ output }) => output));
  return { ...sourceFeeds(sources, config), ...decoderFeeds(shiftedRight(targets, config), config) };
}
