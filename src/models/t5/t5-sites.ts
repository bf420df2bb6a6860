import { makeSite, type Place, type Site, type Stack } from '../../core/site.ts';
import type { T5Config } from './t5-config.ts';

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
