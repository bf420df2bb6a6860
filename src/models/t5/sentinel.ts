import { InputError } from '../../core/errors.ts';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.ts';

const SENTINEL = '<extra_id_0>';

/**
 * The id of the first sentinel of span corruption (Raffel et al. 2020), after which a source ends and an answer begins.
 * A model that was pre-trained on nothing else says a sentinel first whatever it has read, so a bare answer would make
 * every task begin with unlearning that.
 * @throws InputError where the vocabulary has none
 */
export function sentinelOf(tokenizer: Tokenizer): number {
  const [id, ...more] = tokenizer.encode(SENTINEL);
  if (id !== undefined && more.length === 0 && tokenizer.decode([id]) === '') return id;
  throw new InputError(`the model's vocabulary has no ${SENTINEL} to write answers after`, {
    code: 'missing-special-token',
    where: '--sentinel',
    remedy: 'leave it out: this model reads and answers plain text',
  });
}
