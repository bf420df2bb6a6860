import { InputError } from '../../core/errors.ts';
import type { Tokenizer } from './tokenizer.ts';

const SENTINEL = '<extra_id_0>';

/**
 * The same tokenizer, for texts in the form of span corruption (Raffel et al. 2020): the source ends in the first
 * sentinel, and the answer begins with it. A model that was pre-trained on nothing else says a sentinel first whatever
 * it has read, so a bare answer would make every task begin with unlearning that.
 * @throws InputError where the vocabulary has no sentinel
 */
export function withSentinel(tokenizer: Tokenizer): Tokenizer {
  const [sentinelId, ...more] = tokenizer.encode(SENTINEL);
  if (sentinelId === undefined || more.length > 0 || tokenizer.decode([sentinelId]) !== '') {
    throw new InputError(`the model's vocabulary has no ${SENTINEL} to write answers after`, {
      where: '--sentinel',
      remedy: 'leave it out: this model reads and answers plain text',
    });
  }
  return { ...tokenizer, sentinelId };
}
