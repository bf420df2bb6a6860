import { ROBERTA_TOKENS } from '../../data/tokenizer/special-tokens.ts';
import { tanh } from '../../graph/ops/ops.ts';
import {
  bertKeys,
  bertNames,
  type PostNormConfig,
  parseBertKeys,
  postNormFamily,
} from '../encoder/post-norm-family.ts';
import { tokenId } from '../kit/parse-config.ts';

const schema = bertKeys.extend({ pad_token_id: tokenId.default(1) });

/** Reads the parsed `config.json`; `where` names the file in errors. */
export function parseRobertaConfig(json: unknown, where: string): PostNormConfig {
  return parseBertKeys(schema, json, where, 'RoBERTa');
}

/**
 * RoBERTa (Liu et al. 2019), and with another vocabulary XLM-RoBERTa (Conneau et al. 2020): BERT whose positions begin
 * behind the padding's, with two separators between texts in place of types.
 */
export const roberta = postNormFamily({
  name: 'RoBERTa',
  parse: parseRobertaConfig,
  frame: { tokens: ROBERTA_TOKENS, separators: 2, types: false },
  names: bertNames('roberta'),
  prefix: 'roberta',
  // Its classifiers read the first token's state, whatever pooler a checkpoint was saved with.
  unread: /^(lm_head|pooler)\./,
  counting: ({ padId }) => ({ first: padId + 1, padding: padId, uncounted: padId }),
  dense: { name: 'classifier.dense', activation: tanh },
  classifier: 'classifier.out_proj',
});
