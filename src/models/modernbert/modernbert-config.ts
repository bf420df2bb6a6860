import { z } from 'zod';
import type { EncoderConfig } from '../encoder/encoder-family.ts';
import { checkHeads } from '../encoder/post-norm-checkpoint.ts';
import { type ActivationName, activationNames } from '../kit/layers.ts';
import { checkTokenIds, count, distance, layerCount, parseConfig, tokenId, wrongConfig } from '../kit/parse-config.ts';

const FAMILY = 'ModernBERT';

/** What a layer looks at: everything, or what is near. */
export type Reach = 'full_attention' | 'sliding_attention';

const turning = z.object({ rope_type: z.literal('default').default('default'), rope_theta: z.number().positive() });

/** `config.json` of a ModernBERT checkpoint: of the first ones, and as transformers 5 writes it. */
const schema = z.object({
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: layerCount,
  num_attention_heads: count,
  intermediate_size: count,
  hidden_activation: z.enum(activationNames).default('gelu'),
  max_position_embeddings: count.default(8192),
  norm_eps: z.number().positive().default(1e-5),
  norm_bias: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  pad_token_id: tokenId.default(50283),
  local_attention: distance.default(128),
  layer_types: z.array(z.enum(['full_attention', 'sliding_attention'])).nullish(),
  global_attn_every_n_layers: count.default(3),
  rope_parameters: z.object({ full_attention: turning, sliding_attention: turning }).partial().nullish(),
  rope_scaling: z.null().optional(),
  global_rope_theta: z.number().positive().default(160_000),
  local_rope_theta: z.number().positive().nullish(),
  classifier_pooling: z.enum(['cls', 'mean']).default('cls'),
  classifier_bias: z.boolean().default(false),
  classifier_activation: z.enum(activationNames).default('gelu'),
});

export interface ModernBertConfig extends EncoderConfig {
  readonly heads: number;
  readonly activation: ActivationName;
  /** Longest text, special tokens included. */
  readonly positions: number;
  readonly epsilon: number;
  readonly bias: Readonly<Record<'norm' | 'attention' | 'feedForward', boolean>>;
  readonly padId: number;
  /** What each layer looks at. */
  readonly layers: readonly Reach[];
  /** The largest distance that a layer of what is near looks at. */
  readonly window: number;
  /** θ of the rotary positions. */
  readonly theta: Readonly<Record<Reach, number>>;
  readonly classifier: {
    readonly pooling: 'cls' | 'mean';
    readonly bias: boolean;
    readonly activation: ActivationName;
  };
}

/** Reads the parsed `config.json`; `where` names the file in errors. */
export function parseModernBertConfig(json: unknown, where: string): ModernBertConfig {
  const config = parseConfig(schema, json, where, FAMILY);
  const { vocab_size: vocabSize, pad_token_id, hidden_size: width, num_attention_heads: heads } = config;
  checkTokenIds({ pad_token_id }, vocabSize, where, FAMILY);
  checkHeads('num_attention_heads', heads, 'hidden_size', width, where, FAMILY);
  const count = config.num_hidden_layers;
  const everyNth = (_: unknown, layer: number): Reach =>
    layer % config.global_attn_every_n_layers === 0 ? 'full_attention' : 'sliding_attention';
  const layers = config.layer_types ?? Array.from({ length: count }, everyNth);
  if (layers.length !== count) {
    throw wrongConfig(`layer_types: ${layers.length} for num_hidden_layers of ${count}`, where, FAMILY);
  }
  const { rope_parameters: turns } = config;
  return {
    vocabSize,
    width,
    heads,
    feedForwardWidth: config.intermediate_size,
    activation: config.hidden_activation,
    positions: config.max_position_embeddings,
    epsilon: config.norm_eps,
    bias: { norm: config.norm_bias, attention: config.attention_bias, feedForward: config.mlp_bias },
    padId: pad_token_id,
    layers,
    window: Math.floor(config.local_attention / 2),
    theta: {
      full_attention: turns?.full_attention?.rope_theta ?? config.global_rope_theta,
      sliding_attention: turns?.sliding_attention?.rope_theta ?? config.local_rope_theta ?? 10_000,
    },
    classifier: {
      pooling: config.classifier_pooling,
      bias: config.classifier_bias,
      activation: config.classifier_activation,
    },
  };
}
