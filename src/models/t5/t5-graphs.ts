import type { Graph } from '../../graph/graph.ts';
import { argMax, gatherElements, logSoftmax, reshape, scale } from '../../graph/ops/ops.ts';
import type { Dim, Value } from '../../graph/types.ts';
import type { ProgramGraphs } from '../../runtime/program-graphs.ts';
import { type Blueprint, createBuilder } from '../kit/builder.ts';
import { type CacheForm, recallPast } from '../kit/decoding.ts';
import { paddedLength } from '../kit/padding.ts';
import { type Forward, tokensPerRun } from '../kit/program-core.ts';
import { crossEntropy, curvatureGraph, textLabelFeeds, trainingGraph } from '../kit/step-graphs.ts';
import { targetIds, teacherForcingFeeds } from './feeds.ts';
import {
  type DecoderInput,
  decoder,
  decoderAttentions,
  type Encoded,
  embedTokens,
  encoder,
  positionBiasOf,
  type T5Builder,
} from './stack.ts';
import type { T5Config } from './t5-checkpoint.ts';

export type T5Blueprint = Blueprint<T5Config>;

/**
 * (inputIds, sourceMask, encoderBuckets) → states of the source [batch·source, width]. `seeing` is 1 where all of a row
 * see the same, else each of its tokens has a mask of its own.
 */
function encode(builder: T5Builder, seeing: Dim = 1): Encoded {
  const { graph } = builder;
  const ids = graph.input('inputIds', 'int32', ['batch', 'source']);
  const mask = graph.input('sourceMask', 'float32', ['batch', 1, seeing, 'source']);
  const buckets = graph.input('encoderBuckets', 'int32', ['source', 'source']);
  const biasOf = positionBiasOf(builder, 'encoder', buckets, mask);
  return { states: encoder(builder, embedTokens(builder, ids), biasOf), mask };
}

/** (decoderIds, causalMask, decoderBuckets) over encoded sources → states of the target [batch·target, width]. */
function decode(builder: T5Builder, encoded: Encoded): Value {
  return decoder(builder, decoderInput(builder, 'target', 'target'), encoded);
}

/** `length` tokens of the target, from whose places `seen` of its positions can be looked at. */
function decoderInput(builder: T5Builder, length: Dim, seen: Dim): DecoderInput {
  const { graph } = builder;
  const ids = graph.input('decoderIds', 'int32', ['batch', length]);
  const causal = graph.input('causalMask', 'float32', [1, 1, length, seen]);
  const buckets = graph.input('decoderBuckets', 'int32', [length, seen]);
  return { states: embedTokens(builder, ids), length, biasOf: positionBiasOf(builder, 'decoder', buckets, causal) };
}

/** States [n, width] → logits [n, vocabulary]. */
export function project({ config, attach, weight }: T5Builder, states: Value): Value {
  // Tied embeddings serve as output weights only after this scaling (Mesh TensorFlow's convention).
  if (config.tied) {
    const table = attach.weight('shared', weight('shared'));
    return attach.linear(scale(states, config.modelWidth ** -0.5), { site: 'lm_head', weight: table });
  }
  return attach.linear(states, { site: 'lm_head', weight: weight('lm_head') });
}

/** States [batch·target, width] of a batch whose decoder reads the targets themselves. */
const teacherForced = (builder: T5Builder): Value => decode(builder, encode(builder));

/** The same as logits [batch·target, vocabulary]. */
const logitsOf = (builder: T5Builder): Value => project(builder, teacherForced(builder));

const lossOf = (builder: T5Builder): Value => crossEntropy(builder.graph, logitsOf(builder), 'batch*target');

/** What is trained: the likelihood of the targets. Logits are [batch, target, vocabulary]. */
export function t5Forward(config: T5Config): Forward<T5Config> {
  return {
    loss: lossOf,
    lossFeeds: batch => ({
      ...teacherForcingFeeds(batch, config),
      ...textLabelFeeds(targetIds(batch.map(({ output }) => output)), config.padId),
    }),
    logits: builder => reshape(logitsOf(builder), ['batch', 'target', config.vocabSize]),
    logitsFeeds: batch => teacherForcingFeeds(batch, config),
    states: builder => reshape(teacherForced(builder), ['batch', 'target', config.modelWidth]),
    statesFeeds: batch => teacherForcingFeeds(batch, config),
  };
}

/** `states` [batch, source, width] of the source, for the decoding graph. */
export function encodingGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const { states } = encode(builder, 'source');
  builder.graph.output('states', reshape(states, ['batch', 'source', blueprint.config.modelWidth]));
  return builder.graph;
}

/** Sources as the encoding graph gives them, for `seeing` tokens of the decoder or, where that is 1, for all alike. */
function encodedInput({ graph, config }: T5Builder, seeing: Dim = 1): Encoded {
  const states = graph.input('states', 'float32', ['batch', 'source', config.modelWidth]);
  const mask = graph.input('sourceMask', 'float32', ['batch', 1, seeing, 'source']);
  return { states: reshape(states, ['batch*source', config.modelWidth]), mask };
}

/** What the decoder remembers of the tokens of an answer. */
export function cacheForm(config: T5Config): CacheForm {
  return { attentions: decoderAttentions(config), keyHeads: config.numHeads, headWidth: config.headWidth };
}

/** `nextIds` [batch]: the likeliest token after the one that is read and those read before it, over encoded sources. */
export function decodingGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const input = {
    ...decoderInput(builder, 1, 'target'),
    recall: recallPast(builder.graph, cacheForm(blueprint.config)),
  };
  const states = decoder(builder, input, encodedInput(builder));
  builder.graph.output('nextIds', argMax(project(builder, states)));
  return builder.graph;
}

/** `logProbabilities` [batch, target, choices]: log p of labels after what each token has read, over sources. */
export function rankingGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const { graph } = builder;
  const logits = project(builder, decode(builder, encodedInput(builder, 'target')));
  const labels = graph.input('labels', 'int32', ['batch*target', 'choices']);
  graph.output('logProbabilities', reshape(gatherElements(logSoftmax(logits), labels), ['batch', 'target', 'choices']));
  return graph;
}

/** All graphs of a program, to plan with. */
export function programGraphs(blueprint: T5Blueprint): ProgramGraphs {
  return {
    tokensPerRun: tokensPerRun(blueprint.config.feedForwardWidth),
    training: trainingGraph(blueprint, lossOf),
    curvature: () => curvatureGraph(blueprint, lossOf),
    answering: mode => {
      const encoding = { graph: encodingGraph(blueprint), runs: () => 1 };
      // A token of each answer a run, or all tokens of a label.
      return mode === 'generate'
        ? [encoding, { graph: decodingGraph(blueprint), runs: ({ target }) => target }]
        : [encoding, { graph: rankingGraph(blueprint), runs: () => 1 }];
    },
    extents: ({ rows, source, target }) => ({ batch: rows, source: paddedLength(source), target, choices: 1 }),
  };
}
