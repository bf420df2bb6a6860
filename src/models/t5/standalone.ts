import type { Graph } from '../../graph/graph.ts';
import { add, cast, clip, gather, mul, range, reshape, scale, sub } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { StandaloneGraphs } from '../../runtime/program-graphs.ts';
import { createBuilder } from '../kit/builder.ts';
import { MASKED } from '../kit/padding.ts';
import { bucketTable } from '../kit/relative-positions.ts';
import { decoder, embedTokens, encoder, positionBiasOf, type T5Builder } from './stack.ts';
import { project, type T5Blueprint } from './t5-graphs.ts';

/** The model as two graphs that make their masks and position buckets themselves. */
export function standaloneGraphs(blueprint: T5Blueprint): StandaloneGraphs {
  const { padId, endId, decoderStartId: startId } = blueprint.config;
  return { encoder: encoderGraph(blueprint), decoder: decoderGraph(blueprint), padId, endId, startId };
}

/** (input_ids, attention_mask) [batch, source] → last_hidden_state [batch, source, width]. */
function encoderGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const { graph, config } = builder;
  const ids = graph.input('input_ids', 'int64', ['batch', 'source']);
  const mask = paddingMask(graph.input('attention_mask', 'int64', ['batch', 'source']));
  const bias = add(positionBiasOf(builder, 'encoder', buckets(builder, 'source', true)), mask);
  const states = encoder(builder, embedTokens(builder, ids), bias);
  graph.output('last_hidden_state', reshape(states, ['batch', 'source', config.modelWidth]));
  return graph;
}

/**
 * (input_ids [batch, target], encoder_hidden_states [batch, source, width], encoder_attention_mask [batch, source]) →
 * logits [batch, target, vocabulary].
 */
function decoderGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const { graph, config } = builder;
  const ids = graph.input('input_ids', 'int64', ['batch', 'target']);
  const encoded = graph.input('encoder_hidden_states', 'float32', ['batch', 'source', config.modelWidth]);
  const mask = paddingMask(graph.input('encoder_attention_mask', 'int64', ['batch', 'source']));
  const bias = add(positionBiasOf(builder, 'decoder', buckets(builder, 'target', false)), causalMask(graph));
  const states = reshape(encoded, ['batch*source', config.modelWidth]);
  const input = { states: embedTokens(builder, ids), length: 'target', bias };
  const logits = project(builder, decoder(builder, input, { states, mask }));
  graph.output('logits', reshape(logits, ['batch', 'target', config.vocabSize]));
  return graph;
}

/** 1 at tokens and 0 at padding → what is added to scores [batch, 1, 1, source]. */
function paddingMask(mask: Value): Value {
  const { graph } = mask;
  return reshape(mul(sub(cast(mask, 'float32'), graph.scalar(1)), graph.scalar(-MASKED)), ['batch', 1, 1, 'source']);
}

/** What is added to scores [1, 1, target, target], so that no position sees a later one. */
function causalMask(graph: Graph): Value {
  const isLater = clip(relativePositions(graph, 'target'), graph.int64(0), graph.int64(1));
  return reshape(scale(cast(isLater, 'float32'), MASKED), [1, 1, 'target', 'target']);
}

/** Key − query for all pairs of positions: int64 [length, length]. */
function relativePositions(graph: Graph, length: string): Value {
  const positions = range(graph, length);
  return sub(reshape(positions, [1, length]), reshape(positions, [length, 1]));
}

/** Bucket of each pair of positions [length, length], looked up among those of all distances that are told apart. */
function buckets({ graph, config }: T5Builder, length: string, bidirectional: boolean): Value {
  const { maxDistance: far } = config;
  const table = Array.from(bucketTable(bidirectional, config));
  const near = clip(relativePositions(graph, length), graph.int64(-far), graph.int64(far));
  const rows = reshape(add(near, graph.int64(far)), [`${length}*${length}`]);
  return reshape(gather(graph.int64s(table), rows), [length, length]);
}
