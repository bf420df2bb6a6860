import type { EncodedExample } from '../src/core/program.ts';
import { fillUniform } from '../src/core/random.ts';
import type { DeltaModule } from '../src/core/site.ts';
import { evaluationBatches } from '../src/data/batches.ts';
import { Graph } from '../src/graph/graph.ts';
import { gemm } from '../src/graph/ops/ops.ts';
import { loadModel } from '../src/models/load-model.ts';
import type { Model } from '../src/models/model.ts';
import { type CompileSettings, createSession, type SessionSettings } from '../src/runtime/session.ts';
import { biLevelStep } from '../src/search/strategies/bilevel/bilevel-step.ts';
import { createConcreteEstimator } from '../src/search/strategies/bilevel/estimators.ts';
import type { BiLevelOrder } from '../src/search/strategies/bilevel/step-orders.ts';
import { parseBudget } from '../src/structure/budget.ts';
import { listManualModules } from '../src/structure/built-in-methods.ts';
import { randomStructure } from '../src/structure/random-structure.ts';
import { listSpace } from '../src/structure/spaces.ts';
import { createBatchCursor, withMicroBatches } from '../src/training/step-batches.ts';
import { adamwStep, createMoments } from '../src/training/steps.ts';
import { paddedBatch } from './batch.ts';
import { longestTarget, readFileRows, readRows } from './rows.ts';

export interface Scenario {
  /** One unit of what is timed. */
  step(): Promise<unknown>;
}

export const ROWS = 16;
export const SOURCE = 128;
export const TARGET = 4;
/** The paper's standard budget. */
const BUDGET = '1.39bp';
const LEARNING_RATE = 3e-4;

/** `more` names a file of `taskRows`, for the scenarios that work on real lengths, or says as JSON what a cost is measured at. */
export type Prepare = (folder: string, settings: SessionSettings, more?: string) => Promise<Scenario>;

/** The machine's own rate: a product with a constant as large as a feed-forward's, by the same library. */
export const MATMUL_SIZE = [2048, 1024, 4096] as const;
const matmul: Prepare = async (_, settings) => {
  const [m, k, n] = MATMUL_SIZE;
  const draw = (length: number) => fillUniform(new Float32Array(length), 0, 'matmul');
  const graph = new Graph();
  const x = graph.input('x', 'float32', [m, k]);
  const product = gemm(x, graph.floats(draw(k * n), [k, n]));
  // Summed up on the spot: copying the product out would take as long again.
  graph.output('y', gemm(product, graph.floats(draw(n), [n, 1])));
  const session = await createSession(graph, settings);
  const feeds = { x: { type: 'float32', data: draw(m * k), dims: [m, k] } } as const;
  return { step: () => session.run(feeds) };
};

/** What a model's answers are long: one with a head says classes. */
const targetOf = ({ heads }: Model) => (heads.length === 0 ? TARGET : 0);

const forward: Prepare = async (folder, settings) => {
  const model = await loadModel(folder, settings);
  const program = await model.compile([]);
  const batch = paddedBatch(ROWS, SOURCE, targetOf(model));
  const delta = program.initialDelta(0);
  return { step: () => program.logits(batch, delta) };
};

/** A training step of the given modules, AdamW included; over rows, one for each of their batches. */
const training =
  (modulesOf: (model: Model) => readonly DeltaModule[], own: CompileSettings = {}): Prepare =>
  async (folder, settings, rows) => {
    const model = await loadModel(folder, { ...settings, ...own });
    const compiled = await model.compile(modulesOf(model));
    const program = withMicroBatches(compiled);
    const delta = compiled.initialDelta(0);
    const moments = createMoments(delta);
    const batches = rows === undefined ? [paddedBatch(ROWS, SOURCE, targetOf(model))] : await rowBatches(rows);
    let step = 0;
    return {
      step: async () => {
        for (const batch of batches) {
          const { delta: gradient } = await program.lossAndGradients(batch, delta);
          adamwStep(delta, gradient, moments, { learningRate: LEARNING_RATE, step: ++step });
        }
      },
    };
  };

/** The batches of one epoch over the rows, as a training draws them. */
async function rowBatches(file: string): Promise<(readonly EncodedExample[])[]> {
  const cursor = createBatchCursor(await readRows(file), { batchSize: ROWS, seed: 0, stream: 'bench' });
  return Array.from({ length: cursor.batchesPerEpoch }, (_, index) => cursor.batch(index));
}

const loraModules = (model: Model) => listManualModules(model.sites, 'lora');
const lora = training(loraModules);
const int8: CompileSettings = { precision: 'int8' };

/** Greedy answers to the rows, in batches as an evaluation makes them. */
const generating =
  (own: CompileSettings = {}): Prepare =>
  async (folder, settings, rows) => {
    const program = await (await loadModel(folder, { ...settings, ...own })).compile([]);
    const examples = await readRows(rows!);
    const batches = evaluationBatches(examples, ROWS).map(indices => indices.map(index => examples[index]!.input));
    const none = new Float32Array(0);
    const maxTokens = longestTarget(examples);
    return {
      step: async () => {
        for (const batch of batches) await program.generate!(batch, none, undefined, { maxTokens });
      },
    };
  };

/** Answers of a head to the rows' texts, read and sorted as an evaluation does it. */
const answering: Prepare = async (folder, settings, file) => {
  const model = await loadModel(folder, settings);
  const program = await model.compile([]);
  const delta = program.initialDelta(0);
  const { read, choice } = model.codec({ labels: ['no', 'yes'] }, { maxLength: 512 });
  const rows = await readFileRows(file!);
  return {
    step: async () => {
      const examples = rows.map(({ texts }) => read(texts.map(text => ({ text }))));
      for (const indices of evaluationBatches(examples, ROWS)) {
        await program.choose(
          indices.map(index => examples[index]!.input),
          choice!.outputs,
          delta,
        );
      }
    },
  };
};

/**
 * The first random structure with a module on the first norm. Of 108 structures that searches on `mini` found 80 have one
 * there, and nearly all others one on the queries, keys or values that read it: where none sits so low the backward pass ends above, and
 * a step costs less.
 */
const randomModules = (model: Model): DeltaModule[] => {
  const candidates = listSpace(model.sites, 'mixed');
  const options = { budget: parseBudget(BUDGET, model.parameters), keepInert: false };
  for (let seed = 0; ; seed++) {
    const kept = randomStructure(candidates, { ...options, seed });
    const modules = candidates.filter((_, index) => kept[index]);
    if (modules.some(({ site }) => site === candidates[0]!.site)) return modules;
  }
};

/** One loss and its gradients over the whole mixed space, every candidate gated. */
const mixed: Prepare = async (folder, settings) => {
  const model = await loadModel(folder, settings);
  const modules = listSpace(model.sites, 'mixed');
  const compiled = await model.compile(modules);
  const program = withMicroBatches(compiled);
  const delta = compiled.initialDelta(0);
  const gates = new Float32Array(modules.length).fill(0.5);
  const batch = paddedBatch(ROWS, SOURCE, targetOf(model));
  return { step: () => program.lossAndGradients(batch, delta, gates) };
};

/** What takes less memory. */
export interface MemoryOptions extends CompileSettings {
  readonly microBatch?: number;
}

/** Where a search step is other than usual. */
export interface SearchWork extends MemoryOptions {
  readonly batch?: number;
  /** Source tokens of every row. */
  readonly length?: number;
}

export const search =
  (order: BiLevelOrder, { batch = ROWS, length = SOURCE, microBatch, ...own }: SearchWork = {}): Prepare =>
  async (folder, settings) => {
    const model = await loadModel(folder, { ...settings, ...own });
    const modules = listSpace(model.sites, 'mixed');
    const compiled = await model.compile(modules);
    const program = withMicroBatches(compiled, microBatch);
    const delta = compiled.initialDelta(0);
    const alpha = new Float64Array(modules.length);
    const estimator = createConcreteEstimator({
      counts: modules.map(({ parameters }) => parameters),
      budget: parseBudget(BUDGET, model.parameters),
      gradient: 'global',
      tau: 1,
      beta: 1,
      uniforms: at => fillUniform(new Float64Array(modules.length), 0, 'bench', at),
    });
    const state = { delta, deltaMoments: createMoments(delta), alpha, alphaMoments: createMoments(alpha) };
    const rows = paddedBatch(2 * batch, length, targetOf(model));
    let step = 0;
    return {
      step: () =>
        biLevelStep(state, rows.slice(0, batch), rows.slice(batch), {
          program,
          estimator,
          order,
          learningRate: LEARNING_RATE,
          alphaLearningRate: 0.1,
          clipNorm: 2,
          step: step++,
        }),
    };
  };

export const scenarios: Readonly<Record<string, Prepare>> = {
  matmul,
  forward,
  lora,
  loraInt8: training(loraModules, int8),
  retrain: training(randomModules),
  mixed,
  searchFirst: search('first'),
  searchFirstInt8: search('first', int8),
  searchOneSided: search('one-sided'),
  searchSecond: search('second'),
};

const trainingOfRows = { loraRows: lora, loraRowsInt8: training(loraModules, int8) };

/** The same by name, over the rows of a task, for models that write and for those with a head. */
export const rowScenarios = {
  writing: { ...trainingOfRows, generateRows: generating(), generateRowsInt8: generating(int8) },
  choosing: { ...trainingOfRows, answerRows: answering },
} as const satisfies Record<string, Readonly<Record<string, Prepare>>>;
