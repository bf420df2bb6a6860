import { z } from 'zod';
import { MPNET_TOKENS } from '../../data/tokenizer/special-tokens.ts';
import { tanh } from '../../graph/ops/ops.ts';
import {
  bertKeys,
  type PostNormConfig,
  type PostNormNames,
  parseBertKeys,
  postNormFamily,
} from '../encoder/post-norm-family.ts';

/** Positions begin behind this one, whatever config.json says. */
const PADDING = 1;
/** How distances are told apart; the reference takes these whatever config.json says. */
const relative = { numBuckets: 32, maxDistance: 128 };

const schema = bertKeys.extend({
  pad_token_id: z.literal(PADDING).default(PADDING),
  relative_attention_num_buckets: z.literal(relative.numBuckets).default(relative.numBuckets),
});

/** Reads the parsed `config.json`; `where` names the file in errors. */
export function parseMpnetConfig(json: unknown, where: string): PostNormConfig {
  return { ...parseBertKeys(schema, json, where, 'MPNet'), types: 0, relative };
}

const EMBEDDINGS = 'mpnet.embeddings';

const names: PostNormNames = {
  words: `${EMBEDDINGS}.word_embeddings`,
  positions: `${EMBEDDINGS}.position_embeddings`,
  embeddingNorm: `${EMBEDDINGS}.LayerNorm`,
  relative: 'mpnet.encoder.relative_attention_bias',
  layer(layer) {
    const name = `mpnet.encoder.layer.${layer}`;
    const attention = `${name}.attention`;
    return {
      attention: {
        name: attention,
        query: `${attention}.attn.q`,
        key: `${attention}.attn.k`,
        value: `${attention}.attn.v`,
        output: `${attention}.attn.o`,
      },
      attentionNorm: `${attention}.LayerNorm`,
      feedForward: { name: `${name}.output`, in: `${name}.intermediate.dense`, out: `${name}.output.dense` },
      feedForwardNorm: `${name}.output.LayerNorm`,
    };
  },
};

/** MPNet (Song et al. 2020): RoBERTa's positions and framing, and T5's relative ones, one table for all layers. */
export const mpnet = postNormFamily({
  name: 'MPNet',
  parse: parseMpnetConfig,
  frame: { tokens: MPNET_TOKENS, separators: 2, types: false },
  names,
  prefix: 'mpnet',
  // Its classifiers read the first token's state, whatever pooler a checkpoint was saved with.
  unread: /^(lm_head|pooler)\./,
  counting: () => ({ first: PADDING + 1, padding: PADDING, uncounted: PADDING }),
  dense: { name: 'classifier.dense', activation: tanh },
  classifier: 'classifier.out_proj',
});
