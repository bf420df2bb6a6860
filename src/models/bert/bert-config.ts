import { z } from 'zod';
import { activationNames } from '../kit/named-activations.ts';
import { checkTokenIds, count, layerCount, parseConfig, tokenId, wrongConfig } from '../kit/parse-config.ts';

const FAMILY = 'BERT';

/** `config.json` of a BERT checkpoint; keys that old checkpoints lack have transformers' values. */
const schema = z.object({
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: layerCount,
  num_attention_heads: count,
  intermediate_size: count,
  hidden_act: z.enum(activationNames).default('gelu'),
  max_position_embeddings: count,
  type_vocab_size: count.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: tokenId.default(0),
  position_embedding_type: z.literal('absolute').nullish(),
  is_decoder: z.literal(false).nullish(),
});

export interface BertConfig {
  readonly vocabSize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForwardWidth: number;
  readonly activation: z.output<typeof schema>['hidden_act'];
  /** Longest text, special tokens included. */
  readonly positions: number;
  readonly types: number;
  readonly epsilon: number;
  readonly padId: number;
}

/** Reads the parsed `config.json`; `where` names the file in errors. */
export function parseBertConfig(json: unknown, where: string): BertConfig {
  const config = parseConfig(schema, json, where, FAMILY);
  const { vocab_size: vocabSize, pad_token_id, hidden_size: width, num_attention_heads: heads } = config;
  checkTokenIds({ pad_token_id }, vocabSize, where, FAMILY);
  if (width % heads !== 0) {
    throw wrongConfig(`num_attention_heads: ${heads} do not divide a hidden_size of ${width}`, where, FAMILY);
  }
  return {
    vocabSize,
    width,
    layers: config.num_hidden_layers,
    heads,
    feedForwardWidth: config.intermediate_size,
    activation: config.hidden_act,
    positions: config.max_position_embeddings,
    types: config.type_vocab_size,
    epsilon: config.layer_norm_eps,
    padId: pad_token_id,
  };
}
