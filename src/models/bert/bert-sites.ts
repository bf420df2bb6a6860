import type { Place, Site } from '../../core/site.ts';
import type { CheckpointNames } from '../kit/find-weights.ts';
import { makeSite } from '../kit/make-site.ts';
import type { BertConfig } from './bert-config.ts';

export const EMBEDDINGS = 'bert.embeddings';
/** Of the first token's last state, as sentence pairs were pre-trained with; a checkpoint need not have it. */
export const POOLER = 'bert.pooler.dense';

/** Sites of a layer by what they are. The blocks are what BERT calls its two outputs. */
export const layerNames = (layer: number) => {
  const name = `bert.encoder.layer.${layer}`;
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
};

/** Every place where modules can attach, in the order of the forward pass. All linear maps and norms have biases. */
export function bertSites(config: BertConfig, { hasPooler }: { readonly hasPooler: boolean }): Site[] {
  const { vocabSize, positions, types, width, layers } = config;
  const [first, last]: Place[] = [
    { stack: 'encoder', layer: 0 },
    { stack: 'encoder', layer: layers - 1 },
  ];
  return [
    makeSite(`${EMBEDDINGS}.word_embeddings`, 'embedding', first!, [vocabSize, width]),
    makeSite(`${EMBEDDINGS}.position_embeddings`, 'embedding.position', first!, [positions, width]),
    makeSite(`${EMBEDDINGS}.token_type_embeddings`, 'embedding.type', first!, [types, width]),
    makeSite(`${EMBEDDINGS}.LayerNorm`, 'embedding.norm', first!, [width, width], { hasBias: true }),
    ...Array.from({ length: layers }, (_, layer) => layerSites(config, layer)).flat(),
    ...(hasPooler ? [makeSite(POOLER, 'pooler', last!, [width, width], { hasBias: true })] : []),
  ];
}

function layerSites({ width, feedForwardWidth }: BertConfig, layer: number): Site[] {
  const place: Place = { stack: 'encoder', layer };
  const { attention, attentionNorm, feedForward, feedForwardNorm } = layerNames(layer);
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

/**
 * How checkpoints name their tensors: bare backbones without a prefix, the first ones with TensorFlow's gamma and beta.
 */
export const bertNames: CheckpointNames = {
  namesOf: name => [name, name.replace(/^bert\./, '')].flatMap(each => [each, inTensorFlow(each)]),
  // A buffer of counted positions, and the heads of pre-training.
  unread: name => /(^|\.)embeddings\.position_ids$|^cls\./.test(name),
};

const inTensorFlow = (name: string): string =>
  name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta');
