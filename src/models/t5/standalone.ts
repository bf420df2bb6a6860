import type { Graph } from '../../graph/graph.ts';
import { add, cast, clip, concat, mul, range, reshape, scale, slice } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { StandaloneGraphs } from '../../runtime/program-graphs.ts';
import type { Recall } from '../kit/attention.ts';
import { createBuilder } from '../kit/builder.ts';
import { distances, MASKED, tokenMask } from '../kit/padding.ts';
import { bucketsWithin } from '../kit/positions.ts';
import { decoder, embedTokens, encoder, positionBiasOf } from './stack.ts';
import type { T5Config } from './t5-checkpoint.ts';
import { project, type T5Blueprint } from './t5-graphs.ts';

/** The model as two graphs that make their masks and position buckets themselves. */
export function standaloneGraphs(blueprint: T5Blueprint): StandaloneGraphs {
  const { config } = blueprint;
  const { padId, endId, decoderStartId: startId, decoderLayers: layers, numHeads: heads, headWidth } = config;
  const ids = { pad_token_id: padId, eos_token_id: endId, decoder_start_token_id: startId };
  return {
    graphs: { encoder_model: encoderGraph(blueprint), decoder_model_merged: decoderGraph(blueprint) },
    form: 'encoder-decoder',
    facts: { startId, padId, endId, layers, heads, headWidth },
    config: { is_encoder_decoder: true, num_decoder_layers: layers, ...ids },
    generation: ids,
  };
}

/** (input_ids, attention_mask) [batch, source] → last_hidden_state [batch, source, width]. */
function encoderGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const { graph, config } = builder;
  const ids = graph.input('input_ids', 'int64', ['batch', 'source']);
  const mask = tokenMask(graph.input('attention_mask', 'int64', ['batch', 'source']));
  const positions = range(graph, 'source');
  const buckets = bucketsWithin(distances(positions, positions), true, config);
  const states = encoder(builder, embedTokens(builder, ids), positionBiasOf(builder, 'encoder', buckets, mask));
  graph.output('last_hidden_state', reshape(states, ['batch', 'source', config.modelWidth]));
  return graph;
}

/**
 * (input_ids [batch, target], encoder_hidden_states [batch, source, width], encoder_attention_mask [batch, source]) →
 * logits [batch, target, vocabulary], of tokens that follow those which `past_key_values` remembers. Where
 * `use_cache_branch` [1] is false nothing is remembered, whatever stands there.
 */
function decoderGraph(blueprint: T5Blueprint): Graph {
  const builder = createBuilder(blueprint);
  const { graph, config } = builder;
  const ids = graph.input('input_ids', 'int64', ['batch', 'target']);
  const encoded = graph.input('encoder_hidden_states', 'float32', ['batch', 'source', config.modelWidth]);
  const mask = tokenMask(graph.input('encoder_attention_mask', 'int64', ['batch', 'source']));
  const { recall, recallSource } = remembered(graph, config);
  // Tokens of the source whose keys and values are not remembered: all of them, or none.
  const fresh = slice(encoded, 1, [graph.extent('seenSource'), graph.int64s([END])], 'fresh');

  const seen = range(graph, 'seen');
  const between = distances(add(range(graph, 'target'), graph.extent('before')), seen);
  const buckets = bucketsWithin(between, false, config);
  const biasOf = positionBiasOf(builder, 'decoder', buckets, causalMask(between));
  const input = { states: embedTokens(builder, ids), length: 'target', biasOf, recall };
  const states = reshape(fresh, ['batch*fresh', config.modelWidth]);
  const output = decoder(builder, input, { states, mask, recall: { length: 'fresh', recall: recallSource } });
  graph.output('logits', reshape(project(builder, output), ['batch', 'target', config.vocabSize]));
  return graph;
}

/** Beyond the end of anything. */
const END = 2 ** 40;

/**
 * Keys and values of the tokens that were read before, of the answer (`before`) and of the source (`seenSource`), each
 * with those that are read now put behind it: an attention so sees `seen` tokens of the answer, and all of the source.
 */
function remembered(graph: Graph, config: T5Config): { recall: Recall; recallSource: Recall } {
  const { numHeads, decoderLayers, headWidth, modelWidth } = config;
  // Of nothing remembered Optimum guesses the width, by the model's over its heads: where that is wrong any will do.
  const width = numHeads * headWidth === modelWidth ? headWidth : 'pastWidth';
  const past = Array.from({ length: decoderLayers }, (_, layer) => {
    const of = (side: string, extent: string) => (part: string) =>
      graph.input(`past_key_values.${layer}.${side}.${part}`, 'float32', ['batch', numHeads, extent, width]);
    const [own, source] = [of('decoder', 'past'), of('encoder', 'pastSource')];
    return { decoder: [own('key'), own('value')], encoder: [source('key'), source('value')] } as const;
  });
  const isUsed = cast(graph.input('use_cache_branch', 'bool', [1]), 'int64');
  const before = mul(graph.extent('past'), isUsed);
  graph.nameExtent('before', before);
  graph.nameExtent('seen', add(before, graph.extent('target')));
  graph.nameExtent('seenSource', mul(graph.extent('pastSource'), isUsed));

  const recallOf = (side: 'decoder' | 'encoder', kept: string, whole: string): Recall => {
    return (name, { keys, values }) => {
      const layer = Number(/^decoder\.block\.(\d+)\./.exec(name)![1]);
      const [pastKeys, pastValues] = past[layer]![side];
      const joined = (part: string, old: Value, own: Value): Value => {
        const cut = slice(old, 2, [graph.int64s([0]), graph.extent(kept)], kept);
        const all = concat([asWideAs(own, cut), own], 2, whole);
        graph.output(`present.${layer}.${side}.${part}`, all);
        return all;
      };
      return { keys: joined('key', pastKeys, keys), values: joined('value', pastValues, values) };
    };
  };
  return { recall: recallOf('decoder', 'before', 'seen'), recallSource: recallOf('encoder', 'seenSource', 'source') };
}

/** What is remembered, [batch, heads, kept, any width], with the last extent of `own`: nothing, or as wide as it is. */
function asWideAs(own: Value, old: Value): Value {
  const { graph } = old;
  if (old.shape[3] === own.shape[3]) return old;
  const shape = [...old.shape.slice(0, 3), own.shape[3]!];
  return graph.apply('Reshape', [old, concat(shape.map(dim => graph.extent(dim)))], { target: shape.join() })[0]!;
}

/** What is added to scores [1, 1, queries, keys], so that no position sees a later one. */
function causalMask(between: Value): Value {
  const { graph, shape } = between;
  const isLater = clip(between, graph.int64(0), graph.int64(1));
  return reshape(scale(cast(isLater, 'float32'), MASKED), [1, 1, ...shape]);
}
