import { z } from 'zod';
import { activationNames } from '../../../src/models/kit/layers.ts';
import { checkTokenIds, count, layerCount, parseConfig, tokenId } from '../../../src/models/kit/parse-config.ts';

const schema = z.object({
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_heads: count,
  num_layers: layerCount,
  max_positions: count,
  activation: z.enum(activationNames),
  layer_norm_eps: z.number().positive(),
  pad_token_id: tokenId,
});

export type ToyConfig = z.output<typeof schema>;

/** What is asked of the head that a checkpoint was trained with. */
const headSchema = z.object({ classes: count });

export function parseToyConfig(json: unknown, where: string): ToyConfig {
  const config = parseConfig(schema, json, where, 'toy');
  checkTokenIds({ pad_token_id: config.pad_token_id }, config.vocab_size, where, 'toy');
  return config;
}

export const parseClasses = (json: unknown, where: string): number =>
  parseConfig(headSchema, json, where, 'toy').classes;
