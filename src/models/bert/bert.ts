import { BERT_TOKENS } from '../../data/tokenizer/special-tokens.ts';
import { tanh } from '../../graph/ops/ops.ts';
import {
  bertKeys,
  bertNames,
  type PostNormConfig,
  parseBertKeys,
  postNormFamily,
} from '../encoder/post-norm-family.ts';

/**
 * Of the first token's last state, as sentence pairs were pre-trained with; a checkpoint without it gets a fresh one.
 */
const POOLER = 'bert.pooler.dense';

/** Reads the parsed `config.json`; `where` names the file in errors. */
export function parseBertConfig(json: unknown, where: string): PostNormConfig {
  return parseBertKeys(bertKeys, json, where, 'BERT');
}

/** BERT (Devlin et al. 2019): the second text has a type of its own. */
export const bert = postNormFamily({
  name: 'BERT',
  parse: parseBertConfig,
  frame: { tokens: BERT_TOKENS, separators: 1, types: true },
  names: { ...bertNames('bert'), pooler: POOLER },
  prefix: 'bert',
  unread: /^cls\./,
  counting: () => ({}),
  dense: { name: POOLER, activation: tanh },
  classifier: 'classifier',
});
