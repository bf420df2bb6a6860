import { join } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { loadTokenizer } from '../../data/tokenizer/load-tokenizer.ts';
import type { CheckpointNames } from '../kit/find-weights.ts';
import { type Answers, type Backbone, loadBackbone, sketchBackbone } from '../kit/load-backbone.ts';
import type { Family } from '../model.ts';
import { standaloneGraphs } from './standalone.ts';
import { parseT5Config, type T5Config, type T5Variant, t5Sites } from './t5-checkpoint.ts';
import { t5Codec } from './t5-codec.ts';
import { programGraphs } from './t5-graphs.ts';
import { createT5Program } from './t5-program.ts';

/** Names under which checkpoints keep the one embedding table. */
const EMBEDDING_NAMES = ['shared.weight', 'encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'];

/** The first checkpoints hold a table that no attention reads. */
const NEVER_READ = 'decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight';

/** How checkpoints of a T5 name their tensors. */
function t5Names({ tied }: Pick<T5Config, 'tied'>): CheckpointNames {
  return {
    namesOf: name => (EMBEDDING_NAMES.includes(name) ? EMBEDDING_NAMES : [name]),
    // A copy of the embedding, where the two are tied.
    unread: name => name === NEVER_READ || (tied && name === 'lm_head.weight'),
  };
}

const TEXT: Answers<T5Config> = {
  heads: [],
  program: createT5Program,
  graphs: programGraphs,
  standalone: standaloneGraphs,
};

/** One `model_type` of the family, as the list of families takes it. Whatever it is asked for, it answers in text. */
export function t5Family(variant: T5Variant): Family {
  const readTokenizer = (folder: string) => loadTokenizer(folder, variant.extraIds);
  const describe = (folder: string, json: unknown): Backbone<T5Config> => {
    const config = parseT5Config(json, join(folder, 'config.json'), variant);
    return {
      config,
      vocabSize: config.vocabSize,
      sites: t5Sites(config),
      ...t5Names(config),
      loadTokenizer: readTokenizer,
      codec: (tokenizer, task, options) => t5Codec(json, tokenizer, task, options),
      answersFor: () => ({ kind: 'text' }),
      answers(kind) {
        if (kind === undefined || kind.kind === 'text') return TEXT;
        throw new InputError(`${variant.name} answers in text, not by a ${kind.kind}`, {
          code: 'answers-impossible',
          where: folder,
          remedy: 'spell the answers as words',
        });
      },
    };
  };
  return {
    async load(name, folder, json, settings) {
      const backbone = describe(folder, json);
      return loadBackbone(name, folder, () => backbone, settings);
    },
    sketch: async (name, folder, json) => sketchBackbone(name, describe(folder, json)),
    async openCodecs(folder, json) {
      const tokenizer = await readTokenizer(folder);
      return (task, options) => t5Codec(json, tokenizer, task, options);
    },
  };
}
