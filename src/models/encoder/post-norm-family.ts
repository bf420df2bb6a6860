import type { Value } from '../../graph/types.ts';
import { type CheckpointNames, weightOf } from '../kit/find-weights.ts';
import type { Counting } from '../kit/padding.ts';
import type { Frame } from './encoder-codec.ts';
import { encoderFamily } from './encoder-family.ts';
import type { PostNormConfig } from './post-norm-config.ts';
import { encodeTexts, postNormFeeds, postNormFeedsWithin, throughPooler } from './post-norm-encoder.ts';
import { type PostNormNames, postNormSites } from './post-norm-sites.ts';

/** What BERT and those that came of it differ in. */
export interface PostNormForm {
  /** As people call it. */
  readonly name: string;
  parse(json: unknown, where: string): PostNormConfig;
  readonly frame: Frame;
  readonly names: PostNormNames;
  /** What bare backbones leave out of their tensors' names: `bert`. */
  readonly prefix: string;
  /** Tensors that are not read: buffers, and what served pre-training alone. */
  readonly unread: RegExp;
  counting(config: PostNormConfig): Counting;
  /**
   * The head's first layer, as wide as the states; where the checkpoint has it as its pooler it is a part of the
   * backbone.
   */
  readonly dense: { readonly name: string; readonly activation: (x: Value) => Value };
  /** Name of the head's last layer. */
  readonly classifier: string;
}

export function postNormFamily(form: PostNormForm) {
  const { name, parse, frame, names, counting, dense, classifier } = form;
  return encoderFamily<PostNormConfig>({
    ...{ name, parse, frame, ...checkpointNames(form) },
    longest: config => config.positions - (counting(config).first ?? 0),
    head: [dense.name, classifier],
    encoder(config, has) {
      const pooler = names.pooler !== undefined && has(weightOf(names.pooler)) ? names.pooler : undefined;
      return {
        sites: postNormSites(config, names, { hasPooler: pooler !== undefined }),
        states: builder => encodeTexts(builder, names),
        firstState: (builder, first) => encodeTexts(builder, names, first),
        pooled: (builder, state) => throughPooler(builder, pooler, state),
        feeds: texts => postNormFeeds(texts, config, counting(config)),
        feedsWithin: (graph, rows) => postNormFeedsWithin(graph, rows, config, counting(config)),
        head: pooler === dense.name ? [] : [{ ...dense, outFeatures: config.width }],
      };
    },
  });
}

/** Bare backbones have no prefix, and the first checkpoints TensorFlow's gamma and beta. */
function checkpointNames({ prefix, unread }: Pick<PostNormForm, 'prefix' | 'unread'>): CheckpointNames {
  const bare = (name: string) => (name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1) : name);
  return {
    namesOf: name => [name, bare(name)].flatMap(each => [each, inTensorFlow(each)]),
    unread: name => /^embeddings\.position_ids$/.test(bare(name)) || unread.test(bare(name)),
  };
}

const inTensorFlow = (name: string): string =>
  name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta');
