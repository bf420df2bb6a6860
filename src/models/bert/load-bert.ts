import { join } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { tanh } from '../../graph/ops/ops.ts';
import type { CompileSettings } from '../../runtime/session.ts';
import { type AnswerKind, answerKindOf } from '../answer-kind.ts';
import { type Tensors, weightOf } from '../kit/find-weights.ts';
import { type Backbone, loadBackbone } from '../kit/load-backbone.ts';
import { headAnswers, type TextReader } from '../kit/text-classifier.ts';
import { headTensors } from '../kit/text-heads.ts';
import type { Model } from '../model.ts';
import { type BertTokenizer, bertCodec, loadBertTokenizer } from './bert-codec.ts';
import { type BertConfig, parseBertConfig } from './bert-config.ts';
import { encodeTexts, standaloneFeeds, textFeeds } from './bert-encoder.ts';
import { bertNames, bertSites, POOLER } from './bert-sites.ts';

const CLASSIFIER = 'classifier';

/** Loads a BERT from its folder: it answers by a head, and writes no text. */
export function loadBert(name: string, folder: string, json: unknown, settings: CompileSettings): Promise<Model> {
  const config = parseBertConfig(json, join(folder, 'config.json'));
  const describe = (tensors: Tensors): Backbone<BertConfig, BertTokenizer> => {
    const hasPooler = bertNames.namesOf!(weightOf(POOLER)).some(name => tensors.has(name));
    const reader = readerOf(config, hasPooler);
    return {
      config,
      vocabSize: config.vocabSize,
      sites: bertSites(config, { hasPooler }),
      ...bertNames,
      headTensors: headTensors([CLASSIFIER]),
      loadTokenizer: loadBertTokenizer,
      codec: (tokenizer, task, options) => bertCodec(config, tokenizer, task, options),
      answersFor: answerKindOf,
      answers(kind = trainedFor(tensors)) {
        if (kind.kind !== 'text') return headAnswers(reader, kind, tensors, folder);
        throw new InputError('a BERT writes no text', {
          code: 'answers-impossible',
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
    standalone: { feeds: standaloneFeeds, hasTypes: true, longest: config.positions },
    width,
    feedForwardWidth,
    head: numbers => [...pooler, { name: CLASSIFIER, outFeatures: numbers }],
  };
}

/** Codecs of the BERT in a folder. InputError where its config or tokenizer is missing or damaged. */
export async function openBertCodecs(folder: string, json: unknown): Promise<Model['codec']> {
  const config = parseBertConfig(json, join(folder, 'config.json'));
  const tokenizer = await loadBertTokenizer(folder);
  return (task, options) => bertCodec(config, tokenizer, task, options);
}
