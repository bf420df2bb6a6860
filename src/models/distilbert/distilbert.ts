import { z } from 'zod';
import { BERT_TOKENS } from '../../data/tokenizer/special-tokens.ts';
import { relu } from '../../graph/ops/ops.ts';
import { checkHeads, type PostNormConfig, type PostNormNames, postNormFamily } from '../encoder/post-norm-family.ts';
import { activationNames } from '../kit/layers.ts';
import { checkTokenIds, count, layerCount, parseConfig, tokenId } from '../kit/parse-config.ts';

const FAMILY = 'DistilBERT';

/** `config.json` of a DistilBERT checkpoint. Tables of sinusoidal positions lie in it, too. */
const schema = z.object({
  vocab_size: count,
  dim: count,
  hidden_dim: count,
  n_layers: layerCount,
  n_heads: count,
  activation: z.enum(activationNames).default('gelu'),
  max_position_embeddings: count.default(512),
  pad_token_id: tokenId.default(0),
});

/** Reads the parsed `config.json`; `where` names the file in errors. */
export function parseDistilBertConfig(json: unknown, where: string): PostNormConfig {
  const config = parseConfig(schema, json, where, FAMILY);
  const { vocab_size: vocabSize, pad_token_id, dim: width, n_heads: heads } = config;
  checkTokenIds({ pad_token_id }, vocabSize, where, FAMILY);
  checkHeads('n_heads', heads, 'dim', width, where, FAMILY);
  return {
    vocabSize,
    width,
    layers: config.n_layers,
    heads,
    feedForwardWidth: config.hidden_dim,
    activation: config.activation,
    positions: config.max_position_embeddings,
    types: 0,
    // No key says it.
    epsilon: 1e-12,
    padId: pad_token_id,
  };
}

const EMBEDDINGS = 'distilbert.embeddings';

const names: PostNormNames = {
  words: `${EMBEDDINGS}.word_embeddings`,
  positions: `${EMBEDDINGS}.position_embeddings`,
  embeddingNorm: `${EMBEDDINGS}.LayerNorm`,
  layer(layer) {
    const name = `distilbert.transformer.layer.${layer}`;
    return {
      attention: {
        name: `${name}.attention`,
        query: `${name}.attention.q_lin`,
        key: `${name}.attention.k_lin`,
        value: `${name}.attention.v_lin`,
        output: `${name}.attention.out_lin`,
      },
      attentionNorm: `${name}.sa_layer_norm`,
      feedForward: { name: `${name}.ffn`, in: `${name}.ffn.lin1`, out: `${name}.ffn.lin2` },
      feedForwardNorm: `${name}.output_layer_norm`,
    };
  },
};

/** DistilBERT (Sanh et al. 2019): a BERT of half as many layers, without types and pooler. */
export const distilbert = postNormFamily({
  name: FAMILY,
  parse: parseDistilBertConfig,
  frame: { tokens: BERT_TOKENS, separators: 1, types: false },
  names,
  prefix: 'distilbert',
  unread: /^(vocab_transform|vocab_layer_norm|vocab_projector)\./,
  counting: () => ({}),
  dense: { name: 'pre_classifier', activation: relu },
  classifier: 'classifier',
});
