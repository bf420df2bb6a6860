import { makeSite, type Place, type Site } from '../../core/site.ts';
import type { CheckpointNames } from '../kit/find-weights.ts';
import type { ModernBertConfig } from './modernbert-config.ts';

export const EMBEDDINGS = 'model.embeddings.tok_embeddings';
export const EMBEDDING_NORM = 'model.embeddings.norm';
export const FINAL_NORM = 'model.final_norm';

/** What is cut out of the checkpoint's fused matrices, in their order. */
const PARTS = { Wqkv: ['query', 'key', 'value'], Wi: ['gate', 'in'] } as const;

/** Sites of a layer by what they are. The checkpoint's `Wqkv` and `Wi` are several maps side by side. */
export const layerNames = (layer: number) => {
  const name = `model.layers.${layer}`;
  const [attention, feedForward] = [`${name}.attn`, `${name}.mlp`];
  return {
    // The first layer reads what the embeddings' norm has given.
    attentionNorm: layer === 0 ? undefined : `${name}.attn_norm`,
    attention: {
      name: attention,
      query: `${attention}.Wqkv.query`,
      key: `${attention}.Wqkv.key`,
      value: `${attention}.Wqkv.value`,
      output: `${attention}.Wo`,
    },
    feedForwardNorm: `${name}.mlp_norm`,
    feedForward: {
      name: feedForward,
      gate: `${feedForward}.Wi.gate`,
      in: `${feedForward}.Wi.in`,
      out: `${feedForward}.Wo`,
    },
  };
};

/**
 * Every place where modules can attach, in the order of the forward pass. Positions turn the keys: no bias is inert.
 */
export function modernBertSites(config: ModernBertConfig): Site[] {
  const { vocabSize, width, layers, bias } = config;
  const [first, last]: Place[] = [
    { stack: 'encoder', layer: 0 },
    { stack: 'encoder', layer: layers.length - 1 },
  ];
  return [
    makeSite(EMBEDDINGS, 'embedding', first!, [vocabSize, width]),
    makeSite(EMBEDDING_NORM, 'embedding.norm', first!, [width, width], { hasBias: bias.norm }),
    ...layers.flatMap((_, layer) => layerSites(config, layer)),
    makeSite(FINAL_NORM, 'final.norm', last!, [width, width], { hasBias: bias.norm }),
  ];
}

function layerSites({ width, feedForwardWidth: inner, bias }: ModernBertConfig, layer: number): Site[] {
  const place: Place = { stack: 'encoder', layer };
  const { attentionNorm, attention, feedForwardNorm, feedForward } = layerNames(layer);
  const normed = { hasBias: bias.norm };
  const fed = { hasBias: bias.feedForward };
  return [
    ...(attentionNorm ? [makeSite(attentionNorm, 'self-attention.norm', place, [width, width], normed)] : []),
    makeSite(attention.name, 'self-attention', place, [width, width]),
    ...(['query', 'key', 'value', 'output'] as const).map(part =>
      makeSite(attention[part], `self-attention.${part}`, place, [width, width], { hasBias: bias.attention }),
    ),
    makeSite(feedForwardNorm, 'feed-forward.norm', place, [width, width], normed),
    makeSite(feedForward.name, 'feed-forward', place, [width, width]),
    makeSite(feedForward.gate, 'feed-forward.gate', place, [width, inner], fed),
    makeSite(feedForward.in, 'feed-forward.in', place, [width, inner], fed),
    makeSite(feedForward.out, 'feed-forward.out', place, [inner, width], fed),
  ];
}

/** Bare backbones have no prefix; the output of pre-training is not read. */
export const modernBertNames: CheckpointNames = {
  namesOf: name => [name, name.replace(/^model\./, '')],
  sliceOf(name) {
    const [, fused, part, kind] = /^(.*\.(?:Wqkv|Wi))\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
    if (fused === undefined) return undefined;
    const parts: readonly string[] = fused.endsWith('Wi') ? PARTS.Wi : PARTS.Wqkv;
    return { tensor: `${fused}.${kind}`, index: parts.indexOf(part!), count: parts.length };
  },
  unread: name => /^decoder\./.test(name),
};
