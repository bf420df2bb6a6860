import { gradients } from '../../graph/gradients.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, argMax, gatherElements, logSoftmax, mul, neg, reduceSum, reshape, scale } from '../../graph/ops/ops.ts';
import type { Dim, Value } from '../../graph/types.ts';
import type { ProgramGraphs } from '../../runtime/program-graphs.ts';
import { createBuilder, type T5Blueprint, type T5Builder } from './builder.ts';
import { paddedLength } from './feeds.ts';
import { recallPast } from './key-value-cache.ts';
import { type DecoderInput, decoder, type Encoded, embed, encoder, positionBias } from './stack.ts';
import { tokensPerRun } from './tokens-per-run.ts';

/** (inputIds, sourceMask, encoderBuckets) → states of the source [batch·source, width]. */
function encode(builder: T5Builder): Encoded {
  const { graph } = builder;
  const ids = graph.input('inputIds', 'int32', ['batch', 'source']);
  const mask = graph.input('sourceMask', 'float32', ['batch', 1, 1, 'source']);
  const buckets = graph.input('encoderBuckets', 'int32', ['source', 'source']);
  const bias = add(positionBias(builder, 'encoder', buckets), mask);
  return { states: encoder(builder, embed(builder, ids), bias), mask };
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
  return { states: embed(builder, ids), length, bias: add(positionBias(builder, 'decoder', buckets), causal) };
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

/** −Σ w log p(label) over target tokens: `lossWeights` holds 1/count at real tokens and 0 at padding. */
function crossEntropy({ graph }: T5Builder, logits: Value): Value {
  const column = ['batch*target', 1];
  const labels = graph.input('labels', 'int32', column);
  const weights = graph.input('lossWeights', 'float32', column);
  return neg(reduceSum(mul(gatherElements(logSoftmax(logits), labels), weights), [0, 1], false));
}

/** The loss of a batch whose decoder reads the targets themselves. */
const teacherForcedLoss = (builder: T5Builder): Value =>
  crossEntropy(builder, project(builder, decode(builder, encode(builder))));

/** `loss` alone. */
export function lossGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  builder.graph.output('loss', teacherForcedLoss(builder));
  return builder.graph;
}

/** `loss` and, where there are modules, its gradient by the flat input, `gradient` [layout.size]. */
export function trainingGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const { graph, delta } = builder;
  const loss = teacherForcedLoss(builder);
  graph.output('loss', loss);
  if (delta) graph.output('gradient', gradients(loss, [delta])[0]!);
  return graph;
}

/**
 * `gradient` and, along the flat input `direction`, `curvature` = ∂⟨gradient, direction⟩/∂delta, both [layout.size]: the
 * gradient's own nodes differentiated once more.
 */
export function curvatureGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const { graph, delta } = builder;
  const loss = teacherForcedLoss(builder);
  if (!delta) throw new Error('without modules there is nothing to differentiate by');
  const direction = graph.input('direction', 'float32', delta.shape);
  const gradient = gradients(loss, [delta])[0]!;
  graph.output('gradient', gradient);
  graph.output('curvature', gradients(reduceSum(mul(gradient, direction), [0], false), [delta])[0]!);
  return graph;
}

/** Teacher-forced `logits` [batch, target, vocabulary]. */
export function scoringGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const logits = project(builder, decode(builder, encode(builder)));
  builder.graph.output('logits', reshape(logits, ['batch', 'target', blueprint.config.vocabSize]));
  return builder.graph;
}

/** `states` [batch, source, width] of the source, for the decoding graph. */
export function encodingGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const { states } = encode(builder);
  builder.graph.output('states', reshape(states, ['batch', 'source', blueprint.config.modelWidth]));
  return builder.graph;
}

/** Sources as the encoding graph gives them. */
function encodedInput({ graph, config }: T5Builder): Encoded {
  const states = graph.input('states', 'float32', ['batch', 'source', config.modelWidth]);
  const mask = graph.input('sourceMask', 'float32', ['batch', 1, 1, 'source']);
  return { states: reshape(states, ['batch*source', config.modelWidth]), mask };
}

/** `nextIds` [batch]: the likeliest token after the one that is read and those read before it, over encoded sources. */
export function decodingGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const input = { ...decoderInput(builder, 1, 'target'), recall: recallPast(builder) };
  const states = decoder(builder, input, encodedInput(builder));
  builder.graph.output('nextIds', argMax(project(builder, states)));
  return builder.graph;
}

/** `logProbabilities` [batch, target]: log p of each label after the labels before it, over encoded sources. */
export function rankingGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const { graph } = builder;
  const logits = project(builder, decode(builder, encodedInput(builder)));
  const labels = graph.input('labels', 'int32', ['batch*target', 1]);
  graph.output('logProbabilities', reshape(gatherElements(logSoftmax(logits), labels), ['batch', 'target']));
  return graph;
}

/** All graphs of a program, to plan with. */
export function programGraphs(blueprint: T5Blueprint): ProgramGraphs {
  return {
    tokensPerRun: tokensPerRun(blueprint.config),
    training: trainingGraph(blueprint),
    curvature: () => curvatureGraph(blueprint),
    encoding: encodingGraph(blueprint),
    decoding: decodingGraph(blueprint),
    extents: ({ rows, source, target }) => ({ batch: rows, source: paddedLength(source), target }),
  };
}
