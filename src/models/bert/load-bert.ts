import { join } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { loadTextTokenizer } from '../../data/tokenizer/load-tokenizer.ts';
import { BERT_TOKENS } from '../../data/tokenizer/special-tokens.ts';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.ts';
import { tanh } from '../../graph/ops/ops.ts';
import type { CompileSettings } from '../../runtime/session.ts';
import type { AnswerKind } from '../answer-kind.ts';
import { type Tensors, weightOf } from '../kit/find-weights.ts';
import { type Backbone, loadBackbone } from '../kit/load-backbone.ts';
import { headAnswers, type TextReader } from '../kit/text-classifier.ts';
import { headTensors } from '../kit/text-heads.ts';
import type { Model } from '../model.ts';
import { type BertConfig, parseBertConfig } from './bert-config.ts';
import { encodeTexts, textFeeds } from './bert-encoder.ts';
import { bertNames, bertSites, POOLER } from './bert-sites.ts';

const CLASSIFIER = 'classifier';

/** Loads a BERT from its folder: it answers by a head, and writes no text. */
export function loadBert(name: string, folder: string, json: unknown, settings: CompileSettings): Promise<Model> {
  const config = parseBertConfig(json, join(folder, 'config.json'));
  const describe = (tensors: Tensors): Backbone<BertConfig> => {
    const hasPooler = bertNames.namesOf!(weightOf(POOLER)).some(name => tensors.has(name));
    const reader = readerOf(config, hasPooler);
    return {
      config,
      vocabSize: config.vocabSize,
      sites: bertSites(config, { hasPooler }),
      ...bertNames,
      headTensors: headTensors([CLASSIFIER]),
      loadTokenizer: loadBertTokenizer,
      answers(kind = trainedFor(tensors)) {
        if (kind.kind !== 'text') return headAnswers(reader, kind, tensors, folder);
        throw new InputError('a BERT writes no text', {
          where: folder,
          remedy: 'give a task with labels or numbers, or take a model that writes',
        });
      },
    };
  };
  return loadBackbone(name, folder, describe, settings);
}

/** What the checkpoint's own classifier answers; of two classes where it has none. */
function trainedFor(tensors: Tensors): AnswerKind {
  const classes = tensors.get(weightOf(CLASSIFIER))?.shape[0] ?? 2;
  return classes === 1 ? { kind: 'number' } : { kind: 'class', classes };
}

/** A checkpoint without a pooler gets one that is trained with the classifier. */
function readerOf(config: BertConfig, hasPooler: boolean): TextReader<BertConfig> {
  const { width, feedForwardWidth } = config;
  const pooler = hasPooler ? [] : [{ name: POOLER, outFeatures: width, activation: tanh }];
  return {
    states: builder => encodeTexts(builder, { hasPooler }),
    feeds: texts => textFeeds(texts, config),
    width,
    feedForwardWidth,
    head: numbers => [...pooler, { name: CLASSIFIER, outFeatures: numbers }],
  };
}

/** Where a text ends stands the separator. */
async function loadBertTokenizer(folder: string): Promise<Tokenizer> {
  const tokenizer = await loadTextTokenizer(folder, BERT_TOKENS);
  const { pad, sep } = tokenizer.special;
  if (pad !== undefined && sep !== undefined) return { ...tokenizer, padId: pad, endId: sep };
  throw new InputError('the vocabulary has no padding or no separator', {
    where: folder,
    remedy: 'name them as pad_token and sep_token in tokenizer_config.json',
  });
}
