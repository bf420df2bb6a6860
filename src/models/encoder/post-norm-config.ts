import { z } from 'zod';
import { type ActivationName, activationNames } from '../kit/named-activations.ts';
import { checkTokenIds, count, layerCount, parseConfig, tokenId, wrongConfig } from '../kit/parse-config.ts';
import type { RelativePositions } from '../kit/relative-positions.ts';
import type { EncoderConfig } from './encoder-family.ts';

/** An encoder with absolute positions and a norm after each sub-layer: BERT and those that came of it. */
export interface PostNormConfig extends EncoderConfig {
  readonly layers: number;
  readonly heads: number;
  readonly activation: ActivationName;
  /** Rows of the table of positions. */
  readonly positions: number;
  /** Rows of the table of types, 0 where there is none. */
  readonly types: number;
  readonly epsilon: number;
  readonly padId: number;
  /** Distances that each head prefers, beside the absolute positions. */
  readonly relative?: RelativePositions;
}

/** `config.json` as BERT's, RoBERTa's and MPNet's have it; keys that old checkpoints lack have transformers' values. */
export const bertKeys = z.object({
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

/** Reads a parsed `config.json` of these keys; `where` names the file in errors, `family` the checkpoint's. */
export function parseBertKeys(
  schema: z.ZodType<z.output<typeof bertKeys>>,
  json: unknown,
  where: string,
  family: string,
): PostNormConfig {
  const config = parseConfig(schema, json, where, family);
  const { vocab_size: vocabSize, pad_token_id, hidden_size: width, num_attention_heads: heads } = config;
  checkTokenIds({ pad_token_id }, vocabSize, where, family);
  checkHeads('num_attention_heads', heads, 'hidden_size', width, where, family);
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

/** @throws InputError where the heads cannot share the width evenly; the keys are config.json's */
export function checkHeads(
  headsKey: string,
  heads: number,
  widthKey: string,
  width: number,
  where: string,
  family: string,
): void {
  if (width % heads === 0) return;
  throw wrongConfig(`${headsKey}: ${heads} do not divide a ${widthKey} of ${width}`, where, family);
}
