import { makeSite, type Place, type Role, type Site } from '../../core/site.ts';
import type { PostNormConfig } from './post-norm-config.ts';

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
