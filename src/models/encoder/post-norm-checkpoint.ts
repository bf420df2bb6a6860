import { z } from 'zod';
import { makeSite, type Place, type Role, type Site } from '../../core/site.ts';
import { type ActivationName, activationNames } from '../kit/layers.ts';
import { checkTokenIds, count, layerCount, parseConfig, tokenId, wrongConfig } from '../kit/parse-config.ts';
import type { RelativePositions } from '../kit/positions.ts';
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

/** Sites of a layer by what they are. `name` is the sub-layer's own. */
export interface LayerNames {
  readonly attention: Readonly<Record<'name' | 'query' | 'key' | 'value' | 'output', string>>;
  readonly attentionNorm: string;
  readonly feedForward: Readonly<Record<'name' | 'in' | 'out', string>>;
  readonly feedForwardNorm: string;
}

/** What a family's checkpoints call its sites. */
export interface PostNormNames {
  readonly words: string;
  readonly positions: string;
  /** Absent where texts have no types. */
  readonly types?: string;
  readonly embeddingNorm: string;
  /** The table of preferred distances, where there is one. */
  readonly relative?: string;
  layer(layer: number): LayerNames;
  /** Of the first token's last state, where it was pre-trained and is read; a checkpoint need not have it. */
  readonly pooler?: string;
}

/** Every place where modules can attach, in the order of the forward pass. All linear maps and norms have biases. */
export function postNormSites(
  config: PostNormConfig,
  names: PostNormNames,
  { hasPooler }: { readonly hasPooler: boolean },
): Site[] {
  const { vocabSize, positions, types, width, heads, layers, relative } = config;
  const [first, last]: Place[] = [
    { stack: 'encoder', layer: 0 },
    { stack: 'encoder', layer: layers - 1 },
  ];
  const table = (name: string | undefined, role: Role, rows: number, columns = width) =>
    name === undefined ? [] : [makeSite(name, role, first!, [rows, columns])];
  return [
    ...table(names.words, 'embedding', vocabSize),
    ...table(names.positions, 'embedding.position', positions),
    ...table(names.types, 'embedding.type', types),
    makeSite(names.embeddingNorm, 'embedding.norm', first!, [width, width], { hasBias: true }),
    ...table(names.relative, 'position-bias', relative?.numBuckets ?? 0, heads),
    ...Array.from({ length: layers }, (_, layer) => layerSites(config, names.layer(layer), layer)).flat(),
    ...(hasPooler ? [makeSite(names.pooler!, 'pooler', last!, [width, width], { hasBias: true })] : []),
  ];
}

function layerSites({ width, feedForwardWidth }: PostNormConfig, names: LayerNames, layer: number): Site[] {
  const place: Place = { stack: 'encoder', layer };
  const { attention, attentionNorm, feedForward, feedForwardNorm } = names;
  return [
    makeSite(attention.name, 'self-attention', place, [width, width]),
    ...(['query', 'key', 'value', 'output'] as const).map(part =>
      makeSite(attention[part], `self-attention.${part}`, place, [width, width], {
        hasBias: true,
        biasIsInert: part === 'key',
      }),
    ),
    makeSite(attentionNorm, 'self-attention.norm', place, [width, width], { hasBias: true }),
    makeSite(feedForward.name, 'feed-forward', place, [width, width]),
    makeSite(feedForward.in, 'feed-forward.in', place, [width, feedForwardWidth], { hasBias: true }),
    makeSite(feedForward.out, 'feed-forward.out', place, [feedForwardWidth, width], { hasBias: true }),
    makeSite(feedForwardNorm, 'feed-forward.norm', place, [width, width], { hasBias: true }),
  ];
}

/** What BERT calls its sites, and those that took its names: the blocks are what it calls its two outputs. */
export function bertNames(prefix: string): PostNormNames {
  const embeddings = `${prefix}.embeddings`;
  return {
    words: `${embeddings}.word_embeddings`,
    positions: `${embeddings}.position_embeddings`,
    types: `${embeddings}.token_type_embeddings`,
    embeddingNorm: `${embeddings}.LayerNorm`,
    layer(layer) {
      const name = `${prefix}.encoder.layer.${layer}`;
      return {
        attention: {
          name: `${name}.attention.output`,
          query: `${name}.attention.self.query`,
          key: `${name}.attention.self.key`,
          value: `${name}.attention.self.value`,
          output: `${name}.attention.output.dense`,
        },
        attentionNorm: `${name}.attention.output.LayerNorm`,
        feedForward: { name: `${name}.output`, in: `${name}.intermediate.dense`, out: `${name}.output.dense` },
        feedForwardNorm: `${name}.output.LayerNorm`,
      };
    },
  };
}
