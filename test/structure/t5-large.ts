import type { Site } from '../../src/core/site.ts';
import { parseT5Config, t5Sites } from '../../src/models/t5/t5-checkpoint.ts';

const shape = { vocab_size: 32128, d_model: 1024, d_kv: 64, d_ff: 4096, num_heads: 16, num_layers: 24 };
/** t5-large, whose counts the method states. */
export const largeSites: readonly Site[] = t5Sites(parseT5Config(shape, 'config.json'));
export const LARGE_PARAMETERS = 737_668_096;

const gated = { ...shape, d_ff: 2816, feed_forward_proj: 'gated-gelu', tie_word_embeddings: false };
/** t5-v1.1-large: gated feed-forwards, an output projection of its own. */
export const gatedSites: readonly Site[] = t5Sites(parseT5Config(gated, 'config.json'));
