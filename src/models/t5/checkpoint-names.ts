import type { CheckpointNames } from '../kit/find-weights.ts';
import type { T5Config } from './t5-config.ts';

/** Names under which checkpoints keep the one embedding table. */
const EMBEDDING_NAMES = ['shared.weight', 'encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'];

/** The first checkpoints hold a table that no attention reads. */
const NEVER_READ = 'decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight';

/** How checkpoints of a T5 name their tensors. */
export function t5Names({ tied }: Pick<T5Config, 'tied'>): CheckpointNames {
  return {
    namesOf: name => (EMBEDDING_NAMES.includes(name) ? EMBEDDING_NAMES : [name]),
    // A copy of the embedding, where the two are tied.
    unread: name => name === NEVER_READ || (tied && name === 'lm_head.weight'),
  };
}
