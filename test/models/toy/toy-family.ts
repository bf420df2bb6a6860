import { join } from 'node:path';
import { InputError } from '../../../src/core/errors.ts';
import { loadTokenizer } from '../../../src/data/tokenizer/load-tokenizer.ts';
import { tanh } from '../../../src/graph/ops/ops.ts';
import { answerKindOf } from '../../../src/models/codec.ts';
import type { Tensors } from '../../../src/models/kit/find-weights.ts';
import { type Backbone, loadBackbone } from '../../../src/models/kit/load-backbone.ts';
import { headAnswers, headTensors, type TextReader } from '../../../src/models/kit/text-classifier.ts';
import type { Family } from '../../../src/models/model.ts';
import { toyCodec } from './toy-codec.ts';
import { parseClasses, parseToyConfig, type ToyConfig } from './toy-config.ts';
import { encodeTexts, textFeeds } from './toy-encoder.ts';
import { toySites } from './toy-sites.ts';

/** An encoder of the tests' own, added from outside as CONTRIBUTING.md says. */
export const toy: Family = {
  load(name, folder, json, settings) {
    const where = join(folder, 'config.json');
    const config = parseToyConfig(json, where);
    const classes = parseClasses(json, where);
    const reader: TextReader<ToyConfig> = {
      states: encodeTexts,
      pooling: 'mean',
      feeds: texts => textFeeds(texts, config),
      width: config.hidden_size,
      feedForwardWidth: config.intermediate_size,
      head: numbers => [
        { name: 'classifier.dense', outFeatures: config.hidden_size, activation: tanh },
        { name: 'classifier.out', outFeatures: numbers },
      ],
    };
    const describe = (tensors: Tensors): Backbone<ToyConfig> => ({
      config,
      vocabSize: config.vocab_size,
      sites: toySites(config),
      headTensors: headTensors(['classifier.dense', 'classifier.out']),
      loadTokenizer,
      codec: toyCodec,
      answersFor: answerKindOf,
      answers(kind = classes > 1 ? { kind: 'class', classes } : { kind: 'number' }) {
        if (kind.kind !== 'text') return headAnswers(reader, kind, { tensors, where: folder });
        throw new InputError('a toy writes no text', {
          code: 'answers-impossible',
          where: folder,
          remedy: 'take a T5',
        });
      },
    });
    return loadBackbone(name, folder, describe, settings);
  },
  async openCodecs(folder) {
    const tokenizer = await loadTokenizer(folder);
    return (task, options) => toyCodec(tokenizer, task, options);
  },
};
