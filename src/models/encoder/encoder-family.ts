import { join } from 'node:path';
import { InputError } from '../../core/errors.ts';
import type { EncodedInput } from '../../core/program.ts';
import type { Site } from '../../core/site.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Value } from '../../graph/types.ts';
import type { CompileSettings, Feeds } from '../../runtime/session.ts';
import { answerKindOf, type Codec, type CodecOptions, type CodedTask } from '../codec.ts';
import type { Builder } from '../kit/builder.ts';
import { type CheckpointNames, type Tensors, weightOf } from '../kit/find-weights.ts';
import { type EncoderTokenizer, type Frame, headCodec, joinTexts, loadEncoderTokenizer } from '../kit/head-codec.ts';
import { type Backbone, loadBackbone, sketchBackbone, tensorsIn } from '../kit/load-backbone.ts';
import { wrongConfig } from '../kit/parse-config.ts';
import {
  type HeadLayer,
  headAnswers,
  headTensors,
  type Pooling,
  type StandaloneRows,
  type TextReader,
} from '../kit/text-classifier.ts';
import type { Model, ModelSketch } from '../model.ts';
import { takenOver, trainedHead } from './trained-head.ts';

/** Four special tokens and one of each of two texts: no model that reads has fewer positions. */
const SHORTEST = 6;

/** What every encoder's config says. */
export interface EncoderConfig {
  readonly vocabSize: number;
  readonly width: number;
  readonly feedForwardWidth: number;
}

/** How one checkpoint of a family reads texts. */
interface Encoder<Config> {
  readonly sites: readonly Site[];
  /** Adds the forward pass: the last states [batch·source, width]. */
  states(builder: Builder<Config>): Value;
  /** Which of them stand for a text (default: the first token's). */
  readonly pooling?: Pooling;
  /** `TextReader.stateOf`, where that is the first token's. */
  readonly firstState?: TextReader<Config>['stateOf'];
  /** What becomes of a text's state before the head. */
  readonly pooled?: (builder: Builder<Config>, state: Value) => Value;
  /** What `states` reads of texts. */
  feeds(texts: readonly EncodedInput[]): Feeds;
  /** The same within a graph. */
  feedsWithin(graph: Graph, rows: StandaloneRows): Readonly<Record<string, Value>>;
  /** The head's layers before the last. */
  readonly head: readonly HeadLayer[];
}

/** An encoder that answers by a head: all that its family says. */
export interface EncoderForm<Config extends EncoderConfig> extends CheckpointNames {
  /** As people call it. */
  readonly name: string;
  /** Reads the parsed config.json, `where` being its path. */
  parse(json: unknown, where: string): Config;
  readonly frame: Frame;
  /** Longest text, special tokens included. */
  longest(config: Config): number;
  /** Names of the head's layers, of which a checkpoint may have trained some. */
  readonly head: readonly [...string[], string];
  /** `has` says whether the checkpoint has a tensor. */
  encoder(config: Config, has: (tensor: string) => boolean): Encoder<Config>;
}

/** A family of encoders, as the list of families takes it: an encoder answers by a head, and writes no text. */
export function encoderFamily<Config extends EncoderConfig>(form: EncoderForm<Config>) {
  const { name: family, namesOf = (name: string) => [name], unread, sliceOf } = form;
  const lastLayer = form.head.at(-1)!;
  const parse = (folder: string, json: unknown): Config => {
    const where = join(folder, 'config.json');
    const config = form.parse(json, where);
    if (form.longest(config) >= SHORTEST) return config;
    throw wrongConfig(`max_position_embeddings: room for texts of ${form.longest(config)} tokens`, where, family);
  };
  const codecOf = (config: Config, tokenizer: EncoderTokenizer, task: CodedTask, options: CodecOptions): Codec => {
    const maxLength = Math.min(options.maxLength, form.longest(config));
    return headCodec(tokenizer, task, { ...options, maxLength }, joinTexts(tokenizer, form.frame));
  };

  const describe = (folder: string, json: unknown, config: Config) => {
    return (known?: Tensors): Backbone<Config, EncoderTokenizer> => {
      // Where the weights are not there yet, they are taken to hold what such checkpoints usually do.
      const has = (tensor: string) => known === undefined || namesOf(tensor).some(name => known.has(name));
      const tensors: Tensors = known ?? new Map();
      const encoder = form.encoder(config, has);
      const trained = trainedHead(json, tensors.get(weightOf(lastLayer))?.shape[0], {
        ...{ layer: lastLayer, where: join(folder, 'config.json'), family },
      });
      return {
        config,
        vocabSize: config.vocabSize,
        learningRate: suitedRate(config),
        sites: encoder.sites,
        ...{ namesOf, unread, sliceOf },
        headTensors: headTensors(form.head),
        loadTokenizer: () => loadEncoderTokenizer(folder, form.frame),
        codec: (tokenizer, task, options) => codecOf(config, tokenizer, task, options),
        answersFor: answerKindOf,
        async answers(kind = trained?.kind ?? { kind: 'class', classes: 2 }) {
          if (kind.kind === 'text') throw writesNoText(family, folder);
          const { rows, notice } = takenOver(trained, kind);
          const reader = readerOf(config, encoder, {
            ...{ longest: form.longest(config), hasTypes: form.frame.types, lastLayer, where: folder },
          });
          const answers = await headAnswers(reader, kind, { tensors, where: folder, ...(rows && { rows }) });
          return { ...answers, ...(notice !== undefined && { notice }) };
        },
      };
    };
  };

  return {
    /** Loads a model from its folder. */
    load(name: string, folder: string, json: unknown, settings: CompileSettings): Promise<Model> {
      return loadBackbone(name, folder, describe(folder, json, parse(folder, json)), settings);
    },
    /** The model by its config.json, and by the names of its tensors where its weights are there. */
    async sketch(name: string, folder: string, json: unknown): Promise<ModelSketch> {
      return sketchBackbone(name, describe(folder, json, parse(folder, json))(await tensorsIn(folder)));
    },
    /** Codecs of the model in a folder. InputError where its config or tokenizer is missing or damaged. */
    async openCodecs(folder: string, json: unknown): Promise<Model['codec']> {
      const config = parse(folder, json);
      const tokenizer = await loadEncoderTokenizer(folder, form.frame);
      return (task, options) => codecOf(config, tokenizer, task, options);
    },
  };
}

/**
 * For a few modules: many learn at less (`training/rates.ts`). The narrower a model, the larger the rate it bears
 * (measured: docs/backbones.md): 2.1e-3 for a width of 384, 1.1e-3 for BERT-base; never above 2.5e-3.
 */
function suitedRate({ width }: EncoderConfig): number {
  const rate = Math.max(8e-4, (8e-4 * 1024) / width);
  return Number(Math.min(2.5e-3, rate).toPrecision(2));
}

function readerOf<Config extends EncoderConfig>(
  { width, feedForwardWidth }: Config,
  { states, firstState, pooling = 'first', pooled = (_, state) => state, feeds, feedsWithin, head }: Encoder<Config>,
  {
    longest,
    hasTypes,
    lastLayer,
    where,
  }: {
    readonly longest: number;
    readonly hasTypes: boolean;
    readonly lastLayer: string;
    readonly where: string;
  },
): TextReader<Config> {
  return {
    ...(firstState && pooling === 'first' && { stateOf: firstState }),
    ...{ states, pooling, pooled, width, feedForwardWidth, feedsWithin, hasTypes, longest },
    feeds(texts) {
      const length = Math.max(...texts.map(({ ids }) => ids.length));
      if (length <= longest) return feeds(texts);
      throw new InputError(`a text of ${length} tokens, and ${longest} positions`, {
        code: 'no-room-for-text',
        where,
        remedy: 'read texts by the codec of the model, which cuts them',
      });
    },
    head: numbers => [...head, { name: lastLayer, outFeatures: numbers }],
  };
}

function writesNoText(family: string, where: string): InputError {
  return new InputError(`a ${family} writes no text`, {
    code: 'answers-impossible',
    where,
    remedy: 'give a task with labels or numbers, or take a model that writes',
  });
}
