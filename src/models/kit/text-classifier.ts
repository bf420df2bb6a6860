import type { EncodedInput, Program } from '../../core/program.ts';
import type { Graph } from '../../graph/graph.ts';
import { lower } from '../../graph/lower.ts';
import { mul, reshape } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { ProgramGraphs, StandaloneGraphs } from '../../runtime/program-graphs.ts';
import type { Feeds, SessionSettings } from '../../runtime/session.ts';
import { type AnswerForm, answerForm, type HeadAnswer } from './answer-forms.ts';
import type { Blueprint, Builder } from './builder.ts';
import type { Answers } from './load-backbone.ts';
import { longestOf, paddedLength } from './padding.ts';
import { createProgramCore, type Forward, outputGraph, tokensPerRun } from './program-core.ts';
import { curvatureGraph, trainingGraph } from './step-graphs.ts';
import {
  applyHead,
  type HeadLayer,
  type Pooling,
  pool,
  poolingFeed,
  poolingWithin,
  type TrainedHeads,
  textHeads,
} from './text-heads.ts';

/** What a family that reads texts gives, to answer by a head: classes, numbers, choices. */
export interface TextReader<Config> {
  /** Adds the forward pass: the last states [batch·source, width]. Its inputs have extents `batch` and `source`. */
  states(builder: Builder<Config>): Value;
  /** Which of them stand for a text. */
  readonly pooling: Pooling;
  /**
   * Adds the forward pass of what stands for a text alone, [batch, width], for less than that of all states: `pool`
   * takes it of states [batch·source, width] that come before.
   */
  stateOf?(builder: Builder<Config>, pool: (states: Value) => Value): Value;
  /** What becomes of a text's state [batch, width] before the head (default: nothing). */
  readonly pooled?: (builder: Builder<Config>, state: Value) => Value;
  /** What `states` reads of texts; lengths are padded as `paddedLength` says. */
  feeds(texts: readonly EncodedInput[]): Feeds;
  /** The same within a graph, for a model that is run without this program: absent where there is no such form. */
  readonly feedsWithin?: (graph: Graph, rows: StandaloneRows) => Readonly<Record<string, Value>>;
  /** Whether it reads which of two texts a token is of (default: no). */
  readonly hasTypes?: boolean;
  /** Longest text in tokens, where there is such. */
  readonly longest?: number;
  /** Of a text's state. */
  readonly width: number;
  /** The head that gives so many numbers, layer by layer. */
  head(numbers: number): readonly HeadLayer[];
  /** Of the feed-forwards, for the best size of a run. */
  readonly feedForwardWidth: number;
}

/**
 * What a standalone model reads: ids, which tokens are no padding, and of which text each is; int64 [batch, source].
 */
export interface StandaloneRows {
  readonly ids: Value;
  readonly mask: Value;
  readonly types: Value;
}

/** How a reader of texts answers by a head, which begins as the checkpoint has trained it. */
export async function headAnswers<Config>(
  reader: TextReader<Config>,
  answer: HeadAnswer,
  trained: TrainedHeads,
): Promise<Answers<Config>> {
  const form = answerForm(answer);
  const layers = reader.head(form.numbers);
  const heads = await textHeads(reader.width, layers, trained);
  const forward = forwardOf(reader, form, layers);
  const logitsOf = (blueprint: Blueprint<Config>): Graph => outputGraph(blueprint, 'logits', forward.logits);
  const { feedsWithin } = reader;
  return {
    heads,
    ...(feedsWithin && {
      standalone: blueprint =>
        // A choice is a text with a number: whoever runs the graph knows which texts belong together.
        standaloneClassifier(outputGraph(blueprint, 'logits', forward.numbers), { ...reader, feedsWithin }),
    }),
    graphs: (blueprint): ProgramGraphs => ({
      tokensPerRun: tokensPerRun(reader.feedForwardWidth),
      training: trainingGraph(blueprint, forward.loss),
      curvature: () => curvatureGraph(blueprint, forward.loss),
      answering: () => [{ graph: logitsOf(blueprint), runs: () => 1 }],
      extents: ({ rows, source }) => ({ batch: rows, source: paddedLength(source), examples: rows, choices: 1 }),
    }),
    program(blueprint: Blueprint<Config>, settings: SessionSettings): Program {
      const options = { heads, tokensPerRun: tokensPerRun(reader.feedForwardWidth, settings.device) };
      const { program, session, deltaFeed } = createProgramCore(blueprint, forward, options, settings);
      return {
        ...program,
        async choose(inputs, outputs, delta, gates) {
          if (inputs.length === 0) return [];
          const scoring = await session('scoring', logitsOf);
          const { logits } = await scoring.run({ ...deltaFeed(delta, gates), ...inputFeeds(reader, form, inputs) });
          const classes = logits!.dims[1]!;
          const data = logits!.data as Float32Array;
          return inputs.map((_, row) => form.scores(data.subarray(row * classes, (row + 1) * classes), outputs));
        },
      };
    },
  };
}

/** (input_ids, attention_mask, token_type_ids) [batch, source] → logits [batch, numbers]. */
function standaloneClassifier(
  logits: Graph,
  {
    feedsWithin,
    pooling,
    hasTypes = false,
    longest,
  }: Pick<TextReader<never>, 'pooling' | 'hasTypes' | 'longest'> & Required<Pick<TextReader<never>, 'feedsWithin'>>,
): StandaloneGraphs {
  const model = lower(
    logits,
    {},
    {
      inputs(graph) {
        const rows = (name: string) => graph.input(name, 'int64', ['batch', 'source']);
        const [ids, mask] = [rows('input_ids'), rows('attention_mask')];
        // The first text is type 0, and so is everything where a family tells no texts apart.
        const types = hasTypes ? rows('token_type_ids') : mul(ids, graph.int64(0));
        return { ...feedsWithin(graph, { ids, mask, types }), pooling: poolingWithin(pooling, mask) };
      },
    },
  );
  const facts = { hasTypes: Number(hasTypes) };
  return { graphs: { model }, form: 'classifier', facts, config: {}, ...(longest !== undefined && { longest }) };
}

function forwardOf<Config>(
  reader: TextReader<Config>,
  form: AnswerForm,
  layers: readonly HeadLayer[],
): Forward<Config> & { numbers(builder: Builder<Config>): Value } {
  const numbers = (builder: Builder<Config>): Value => applyHead(builder, layers, textStates(reader, builder));
  const logits = (builder: Builder<Config>): Value => form.logits(builder.graph, numbers(builder));
  const inputsOf = (batch: readonly { readonly input: EncodedInput }[]) => batch.map(({ input }) => input);
  return {
    ...{ numbers, logits },
    logitsFeeds: batch => inputFeeds(reader, form, inputsOf(batch)),
    states: builder => reshape(reader.states(builder), ['batch', 'source', reader.width]),
    statesFeeds: batch => reader.feeds(form.textsOf(inputsOf(batch))),
    loss: builder => form.loss(builder.graph, logits(builder)),
    lossFeeds: batch => ({ ...inputFeeds(reader, form, inputsOf(batch)), ...form.lossFeeds(batch) }),
  };
}

/** One state a text, [batch, width]. */
function textStates<Config>({ states, stateOf, pooled }: TextReader<Config>, builder: Builder<Config>): Value {
  const weights = builder.graph.input('pooling', 'float32', ['batch', 'source']);
  const pooling = (of: Value) => pool(of, weights);
  const state = stateOf ? stateOf(builder, pooling) : pooling(states(builder));
  return pooled ? pooled(builder, state) : state;
}

function inputFeeds<Config>(
  { feeds, pooling }: TextReader<Config>,
  { textsOf, logitsFeeds }: AnswerForm,
  inputs: readonly EncodedInput[],
): Feeds {
  const texts = textsOf(inputs);
  const rows = texts.map(({ ids }) => ids);
  const weights = poolingFeed(pooling, rows, paddedLength(longestOf(rows)));
  return { ...feeds(texts), pooling: weights, ...logitsFeeds(inputs) };
}
