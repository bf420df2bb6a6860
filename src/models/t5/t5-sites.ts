import type { HostKind, Site } from '../../core/site.ts';
import type { T5Config } from './t5-config.ts';

type Stack = 'encoder' | 'decoder';

/** Linear maps of a feed-forward sub-layer, by name. */
export const feedForwardMaps = (config: T5Config): readonly string[] =>
  config.gated ? ['wi_0', 'wi_1', 'wo'] : ['wi', 'wo'];

const POSITIONS: Readonly<Record<string, string>> = {
  SelfAttention: 'SelfAttn',
  EncDecAttention: 'CrossAttn',
  DenseReluDense: 'FFN',
};

/**
 * Every place of a T5 where modules can attach, named as in the checkpoint, in the order of the forward pass:
 * the embedding, the encoder's blocks and final norm, the decoder's, the output projection.
 */
export function t5Sites(config: T5Config): Site[] {
  return [
    site('shared', 'embedding', config.vocabSize, config.modelWidth, 'E.0', 'Embedding'),
    ...stackSites(config, 'encoder', config.encoderLayers),
    ...stackSites(config, 'decoder', config.decoderLayers),
    {
      ...site('lm_head', 'linear', config.modelWidth, config.vocabSize, `D.${config.decoderLayers - 1}`, 'LM_head'),
      weightIsShared: config.tied,
    },
  ];
}

function stackSites(config: T5Config, stack: Stack, layers: number): Site[] {
  const letter = stack === 'encoder' ? 'E' : 'D';
  const sublayers =
    stack === 'encoder' ? ['SelfAttention', 'DenseReluDense'] : ['SelfAttention', 'EncDecAttention', 'DenseReluDense'];
  const blocks = Array.from({ length: layers }, (_, layer) =>
    sublayers.flatMap((sublayer, index) =>
      subLayerSites(config, `${stack}.block.${layer}.layer.${index}`, sublayer, `${letter}.${layer}`, layer === 0),
    ),
  );
  const width = config.modelWidth;
  return [
    ...blocks.flat(),
    site(`${stack}.final_layer_norm`, 'norm', width, width, `${letter}.${layers - 1}`, 'Final_LN'),
  ];
}

function subLayerSites(config: T5Config, prefix: string, sublayer: string, column: string, first: boolean): Site[] {
  const { modelWidth: width, feedForwardWidth, numHeads } = config;
  const inner = numHeads * config.headWidth;
  const position = POSITIONS[sublayer]!;
  const isFeedForward = sublayer === 'DenseReluDense';
  const maps = isFeedForward ? feedForwardMaps(config) : ['q', 'k', 'v', 'o'];
  const hidden = isFeedForward ? feedForwardWidth : inner;
  const name = `${prefix}.${sublayer}`;
  return [
    site(`${prefix}.layer_norm`, 'norm', width, width, column, `${position}.LN`),
    site(name, 'block', width, width, column, position),
    ...maps.map(map => {
      const isOutput = map === 'o' || map === 'wo';
      const label = `${position}.${map[0]!.toUpperCase()}${map.slice(1)}`;
      return site(
        `${name}.${map}`,
        'linear',
        isOutput ? hidden : width,
        isOutput ? width : hidden,
        column,
        label,
        map === 'k',
      );
    }),
    ...(first && sublayer === 'SelfAttention'
      ? [
          site(
            `${name}.relative_attention_bias`,
            'embedding',
            config.numBuckets,
            numHeads,
            column,
            `${position}.RelBias`,
          ),
        ]
      : []),
  ];
}

function site(
  name: string,
  host: HostKind,
  inFeatures: number,
  outFeatures: number,
  column: string,
  position: string,
  biasIsInert = false,
): Site {
  return { name, host, inFeatures, outFeatures, column, position, biasIsInert, weightIsShared: false };
}
