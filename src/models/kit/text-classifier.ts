import type { EncodedInput, Program } from '../../core/program.ts';
import type { Graph } from '../../graph/graph.ts';
import { lower } from '../../graph/lower.ts';
import { mul } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { ProgramGraphs, StandaloneGraphs } from '../../runtime/program-graphs.ts';
import type { Feeds, SessionSettings } from '../../runtime/session.ts';
import { type AnswerForm, answerForm, type HeadAnswer } from './answer-forms.ts';
import type { Blueprint, Builder } from './builder.ts';
import type { Tensors } from './find-weights.ts';
import type { Answers } from './load-backbone.ts';
import { paddedLength } from './padding.ts';
import { createProgramCore, type Forward, logitsGraph } from './program-core.ts';
import { curvatureGraph, trainingGraph } from './step-graphs.ts';
import { applyHead, type HeadLayer, textHeads } from './text-heads.ts';
import { tokensPerRun } from './tokens-per-run.ts';

/** What a family that reads texts gives, to answer by a head: classes, numbers, choices. */
export interface TextReader<Config> {
  /** Adds the forward pass: one state a text, [batch, width]. Its inputs have extents `batch` and `source`. */
  states(builder: Builder<Config>): Value;
  /** What that reads of texts; lengths are padded as `paddedLength` says. */
  feeds(texts: readonly EncodedInput[]): Feeds;
  /**
   * The same within a graph, made of token ids, of which text each token is (`types`) and which are no padding (`mask`),
   * all int64 [batch, source]: for a model that is run without this program. Absent where the family has no such form.
   */
  readonly standalone?: {
    feeds(graph: Graph, rows: StandaloneRows): Readonly<Record<string, Value>>;
    /** Whether it reads types. */
    readonly hasTypes: boolean;
    /** Longest text in tokens. */
    readonly longest?: number;
  };
  /** Of a text's state. */
  readonly width: number;
  /** The head that gives so many numbers, layer by layer. */
  head(numbers: number): readonly HeadLayer[];
  /** Of the feed-forwards, for the best size of a run. */
  readonly feedForwardWidth: number;
}

/** What a standalone model reads. */
export interface StandaloneRows {
  readonly ids: Value;
  readonly mask: Value;
  readonly types: Value;
}

/** How a reader of texts answers by a head. `where` names the checkpoint in errors. */
export async function headAnswers<Config>(
  reader: TextReader<Config>,
  answer: HeadAnswer,
  tensors: Tensors,
  where: string,
): Promise<Answers<Config>> {
  const form = answerForm(answer);
  const layers = reader.head(form.numbers);
  const heads = await textHeads(reader.width, layers, tensors, where);
  const forward = forwardOf(reader, form, layers);
  const logitsOf = (blueprint: Blueprint<Config>): Graph => logitsGraph(blueprint, forward.logits);

  // A choice is a text with a number, and which texts belong together no graph of one text can know.
  const own = answer.kind === 'choice' ? undefined : reader.standalone;
  return {
    heads,
    ...(own && { standalone: blueprint => standaloneClassifier(logitsOf(blueprint), own) }),
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
  { feeds, hasTypes, longest }: NonNullable<TextReader<unknown>['standalone']>,
): StandaloneGraphs {
  const model = lower(
    logits,
    {},
    {
      inputs(graph) {
        const rows = (name: string) => graph.input(name, 'int64', ['batch', 'source']);
        const [ids, mask] = [rows('input_ids'), rows('attention_mask')];
        // The first text is type 0, and so is everything where a family tells no texts apart.
        return feeds(graph, { ids, mask, types: hasTypes ? rows('token_type_ids') : mul(ids, graph.int64(0)) });
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
): Forward<Config> {
  const logits = (builder: Builder<Config>): Value =>
    form.logits(builder.graph, applyHead(builder, layers, reader.states(builder)));
  const inputsOf = (batch: readonly { readonly input: EncodedInput }[]) => batch.map(({ input }) => input);
  return {
    logits,
    logitsFeeds: batch => inputFeeds(reader, form, inputsOf(batch)),
    loss: builder => form.loss(builder.graph, logits(builder)),
    lossFeeds: batch => ({ ...inputFeeds(reader, form, inputsOf(batch)), ...form.lossFeeds(batch) }),
  };
}

function inputFeeds<Config>(
  { feeds }: TextReader<Config>,
  { textsOf, logitsFeeds }: AnswerForm,
  inputs: readonly EncodedInput[],
): Feeds {
  return { ...feeds(textsOf(inputs)), ...logitsFeeds(inputs) };
}
