import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { makeSite, type Place, type Site, type Stack } from '../../core/site.ts';
import { checkTokenIds, count, distance, layerCount, parseConfig, tokenId, wrongConfig } from '../kit/parse-config.ts';

/** What sets one `model_type` of the T5 family apart from the others: all of them share this folder's code. */
export interface T5Variant {
  /** As people call it. */
  readonly name: string;
  /** What keys mean that a config.json lacks, where that is not what T5 v1.0 had. */
  readonly implied: Readonly<Record<string, unknown>>;
  /** What keys mean whatever a config.json says. */
  readonly fixed: Readonly<Record<string, unknown>>;
  /** Whether each layer has a table of relative positions of its own. */
  readonly biasPerLayer: boolean;
  /** Sentinels behind a `spiece.model`, where no other file counts them. */
  readonly extraIds: number;
}

/** Raffel et al. 2020, v1.1, Flan and ByT5, whose tokenizer alone is another. */
export const T5: T5Variant = { name: 'T5', implied: {}, fixed: {}, biasPerLayer: false, extraIds: 100 };
/**
 * Xue et al. 2021: v1.1 with more words, its sentinels among its pieces. transformers scales no output of it, and
 * writes it as tied since its fifth version, with a projection of its own beside.
 */
export const MT5: T5Variant = {
  ...{ name: 'mT5', implied: { feed_forward_proj: 'gated-gelu' }, fixed: { tie_word_embeddings: false } },
  ...{ biasPerLayer: false, extraIds: 0 },
};
/** Chung et al. 2023: the same with positions by layer. Its sentinels are in its tokenizer's files. */
export const UMT5: T5Variant = {
  ...{ name: 'umT5', implied: { feed_forward_proj: 'gated-gelu' }, fixed: {} },
  ...{ biasPerLayer: true, extraIds: 0 },
};

/** `config.json` of a T5 checkpoint; keys that old checkpoints lack have v1.0's values. */
const schema = z
  .object({
    vocab_size: count,
    d_model: count,
    d_kv: count,
    d_ff: count,
    num_heads: count,
    num_layers: layerCount,
    num_decoder_layers: layerCount.nullish(),
    relative_attention_num_buckets: count.default(32),
    relative_attention_max_distance: distance.default(128),
    layer_norm_epsilon: z.number().positive().default(1e-6),
    feed_forward_proj: z.enum(['relu', 'gated-gelu', 'gated-relu']).default('relu'),
    dense_act_fn: z.string().nullish(),
    tie_word_embeddings: z.boolean().default(true),
    scale_decoder_outputs: z.boolean().nullish(),
    pad_token_id: tokenId.default(0),
    eos_token_id: tokenId.default(1),
    decoder_start_token_id: tokenId.nullish(),
  })
  .readonly();

/** The activation that each feed-forward implies, as transformers names it. */
const impliedActivations = { relu: 'relu', 'gated-relu': 'relu', 'gated-gelu': 'gelu_new' } as const;
/** And its other name of one of them. */
const otherNames: Readonly<Record<string, string>> = { gelu_pytorch_tanh: 'gelu_new' };

export interface T5Config {
  readonly vocabSize: number;
  readonly modelWidth: number;
  /** Width of one attention head. */
  readonly headWidth: number;
  readonly feedForwardWidth: number;
  readonly numHeads: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  readonly numBuckets: number;
  readonly maxDistance: number;
  readonly layerNormEpsilon: number;
  /** `gelu` is gelu_new. The fingerprints of old runs hold this word. */
  readonly activation: 'relu' | 'gelu';
  /** v1.1 and flan: act(x wi_0) ⊙ x wi_1 in place of act(x wi). */
  readonly gated: boolean;
  readonly tied: boolean;
  readonly padId: number;
  readonly endId: number;
  readonly decoderStartId: number;
  /** Each layer has a table of relative positions of its own, where the others share the first one's. */
  readonly biasPerLayer?: true;
}

/** Reads the parsed `config.json`; `where` names the file in errors. */
export function parseT5Config(json: unknown, where: string, variant = T5): T5Config {
  const isObject = typeof json === 'object' && json !== null;
  const whole = isObject ? { ...variant.implied, ...json, ...variant.fixed } : json;
  const config = parseConfig(schema, whole, where, variant.name);
  checkRanges(config, where, variant.name);
  checkActivation(config, where);
  return {
    vocabSize: config.vocab_size,
    modelWidth: config.d_model,
    headWidth: config.d_kv,
    feedForwardWidth: config.d_ff,
    numHeads: config.num_heads,
    encoderLayers: config.num_layers,
    decoderLayers: config.num_decoder_layers ?? config.num_layers,
    numBuckets: config.relative_attention_num_buckets,
    maxDistance: config.relative_attention_max_distance,
    layerNormEpsilon: config.layer_norm_epsilon,
    activation: config.feed_forward_proj === 'gated-gelu' ? 'gelu' : 'relu',
    gated: config.feed_forward_proj !== 'relu',
    // transformers 5 saves v1.1 as "tied", with a projection of its own and this flag: only a tied projection is
    // scaled.
    tied: config.tie_word_embeddings && config.scale_decoder_outputs !== false,
    padId: config.pad_token_id,
    endId: config.eos_token_id,
    decoderStartId: config.decoder_start_token_id ?? config.pad_token_id,
    // Absent where it is not so: the fingerprints of old runs do not know it.
    ...(variant.biasPerLayer && { biasPerLayer: true }),
  };
}

/** Numbers that would make a graph read outside a table. */
function checkRanges(config: z.output<typeof schema>, where: string, family: string): void {
  const { pad_token_id, eos_token_id, decoder_start_token_id } = config;
  checkTokenIds({ pad_token_id, eos_token_id, decoder_start_token_id }, config.vocab_size, where, family);
  const { relative_attention_num_buckets: buckets, relative_attention_max_distance: distance } = config;
  if (buckets >= 4 && buckets % 2 === 0 && distance > buckets / 2) return;
  throw wrongConfig(
    `relative_attention_num_buckets: ${buckets} buckets cannot cover distances up to ${distance} in both directions`,
    where,
    family,
  );
}

/**
 * transformers takes a `dense_act_fn` that a file names before the one implied: the model would compute something else.
 */
function checkActivation(config: z.output<typeof schema>, where: string): void {
  const implied = impliedActivations[config.feed_forward_proj];
  const named = config.dense_act_fn ?? implied;
  if ((otherNames[named] ?? named) === implied) return;
  throw new InputError(
    `dense_act_fn: ${config.dense_act_fn} is not the activation of feed_forward_proj ` +
      `${config.feed_forward_proj}, which is ${implied}`,
    {
      code: 'unsupported-config',
      where,
      remedy: 'use a checkpoint with relu, gated-relu or gated-gelu as its feed-forward',
    },
  );
}

/** Sub-layers by their names in a checkpoint. */
const SUBLAYERS = {
  SelfAttention: 'self-attention',
  EncDecAttention: 'cross-attention',
  DenseReluDense: 'feed-forward',
} as const;

type Sublayer = keyof typeof SUBLAYERS;

const ATTENTION_MAPS = { q: 'query', k: 'key', v: 'value', o: 'output' } as const;
/** `wi_0` is the one that the activation sees. */
const FEED_FORWARD_MAPS = { wi: 'in', wi_0: 'gate', wi_1: 'in', wo: 'out' } as const;

/** Linear maps of a feed-forward sub-layer, by name. */
const feedForwardMaps = (config: T5Config): readonly (keyof typeof FEED_FORWARD_MAPS)[] =>
  config.gated ? ['wi_0', 'wi_1', 'wo'] : ['wi', 'wo'];

/**
 * Every place of a T5 where modules can attach, named as in the checkpoint, in the order of the forward pass:
 * the embedding, the encoder's blocks and final norm, the decoder's, the output projection.
 */
export function t5Sites(config: T5Config): Site[] {
  const { vocabSize, modelWidth, decoderLayers, tied } = config;
  return [
    makeSite('shared', 'embedding', { stack: 'encoder', layer: 0 }, [vocabSize, modelWidth]),
    ...stackSites(config, 'encoder', config.encoderLayers),
    ...stackSites(config, 'decoder', decoderLayers),
    makeSite('lm_head', 'lm-head', { stack: 'decoder', layer: decoderLayers - 1 }, [modelWidth, vocabSize], {
      weightIsShared: tied,
    }),
  ];
}

function stackSites(config: T5Config, stack: Stack, layers: number): Site[] {
  const sublayers: readonly Sublayer[] =
    stack === 'encoder' ? ['SelfAttention', 'DenseReluDense'] : ['SelfAttention', 'EncDecAttention', 'DenseReluDense'];
  const blocks = Array.from({ length: layers }, (_, layer) =>
    sublayers.flatMap((sublayer, index) =>
      subLayerSites(config, `${stack}.block.${layer}.layer.${index}`, sublayer, { stack, layer }),
    ),
  );
  const width = config.modelWidth;
  const final = makeSite(`${stack}.final_layer_norm`, 'final.norm', { stack, layer: layers - 1 }, [width, width]);
  return [...blocks.flat(), final];
}

function subLayerSites(config: T5Config, prefix: string, sublayer: Sublayer, place: Place): Site[] {
  const width = config.modelWidth;
  const name = `${prefix}.${sublayer}`;
  const role = SUBLAYERS[sublayer];
  return [
    makeSite(`${prefix}.layer_norm`, `${role}.norm`, place, [width, width]),
    makeSite(name, role, place, [width, width]),
    ...(role === 'feed-forward' ? feedForwardSites(config, name, place) : attentionSites(config, name, role, place)),
    ...(role === 'self-attention' && (place.layer === 0 || config.biasPerLayer)
      ? [makeSite(`${name}.relative_attention_bias`, 'position-bias', place, [config.numBuckets, config.numHeads])]
      : []),
  ];
}

function attentionSites(
  { modelWidth, numHeads, headWidth }: T5Config,
  name: string,
  role: 'self-attention' | 'cross-attention',
  place: Place,
): Site[] {
  const inner = numHeads * headWidth;
  return Object.entries(ATTENTION_MAPS).map(([map, part]) => {
    const shape = part === 'output' ? ([inner, modelWidth] as const) : ([modelWidth, inner] as const);
    return makeSite(`${name}.${map}`, `${role}.${part}`, place, shape, { biasIsInert: part === 'key' });
  });
}

function feedForwardSites(config: T5Config, name: string, place: Place): Site[] {
  const { modelWidth, feedForwardWidth } = config;
  return feedForwardMaps(config).map(map => {
    const part = FEED_FORWARD_MAPS[map];
    const shape =
      part === 'out' ? ([feedForwardWidth, modelWidth] as const) : ([modelWidth, feedForwardWidth] as const);
    return makeSite(`${name}.${map}`, `feed-forward.${part}`, place, shape);
  });
}
