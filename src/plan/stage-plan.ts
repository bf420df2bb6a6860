import type { EncodingOptions } from '../config/job-config.ts';
import type { AnswerMode } from '../core/program.ts';
import type { DeltaModule } from '../core/site.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import type { AnswerOptions, ScoredSplit } from '../library/scoring.ts';
import { type ResolvedSearch, searchProblem } from '../library/search-structure.ts';
import type { Model, ModelSketch } from '../models/model.ts';
import { RUNTIME_BYTES, simulateSession } from '../runtime/memory/session-memory.ts';
import type { BatchSize, ProgramGraphs } from '../runtime/program-graphs.ts';
import type { CompileSettings } from '../runtime/session.ts';
import { randomStructure } from '../structure/random-structure.ts';
import { type StageConfig, type StageCost, tuneCost } from '../training/stage.ts';
import { generationSeconds, type ProgramTiming, timeProgram, workSeconds } from './timing.ts';
import { generationRuns, stageWorkload, type Workload } from './workload.ts';

export type PlannedStage = 'search' | 'retrain';

/** A stage before it is drafted: its sizes and what it computes. */
export interface CostedStage {
  readonly stage: PlannedStage;
  readonly config: StageConfig;
  readonly cost: StageCost;
}

/** What a stage will compute, and the memory that takes. */
export interface StageDraft {
  readonly stage: PlannedStage;
  readonly modules: readonly DeltaModule[];
  readonly graphs: ProgramGraphs;
  readonly work: Workload;
  readonly memory: StageMemory;
}

/** Of a task's data what a plan is made of. */
export interface PlannedData extends Pick<EncodedTask, 'task' | 'train'> {
  readonly validation: Pick<ScoredSplit, 'examples'>;
  readonly test: Pick<ScoredSplit, 'examples'>;
  readonly scoring: AnswerOptions;
}

/** What the stages of a job follow from. */
export interface CostedJob {
  readonly data: Pick<PlannedData, 'train'>;
  readonly search: ResolvedSearch;
  /** Structures to be tuned after the search. */
  readonly tunings: number;
}

/**
 * The stages of a job that compute something: the search, where there is one to be made, and the training of a random
 * structure in place of the one not yet found.
 */
export function costStages({ data, search, tunings }: CostedJob): CostedStage[] {
  const { strategy, options, tuning } = search;
  const problem = searchProblem(search, data.train);
  const { candidates, budget, keepInert, stage } = problem;
  const searchCost = strategy.cost(problem, options);
  const kept = randomStructure(candidates, { budget, keepInert, seed: tuning.seed });
  const drawn = candidates.filter((_, i) => kept[i]);
  return [
    ...(searchCost ? [{ stage: 'search' as const, config: stage, cost: searchCost }] : []),
    ...(tunings > 0 ? [{ stage: 'retrain' as const, config: tuning, cost: tuneCost(drawn, data.train, tuning) }] : []),
  ];
}

/** What a draft is made for. */
interface DraftContext {
  readonly model: Pick<ModelSketch, 'graphs' | 'layout'>;
  readonly data: PlannedData;
  readonly compile: CompileSettings;
  /** Resident memory of this process as it is now. */
  readonly processBytes: number;
}

/** The training of modules that are given. */
export interface PlannedTuning extends DraftContext {
  readonly modules: readonly DeltaModule[];
  readonly tuning: StageConfig;
}

export function draftTuning({ modules, tuning, ...context }: PlannedTuning): StageDraft {
  const cost = tuneCost(modules, context.data.train, tuning);
  return draftStage({ stage: 'retrain', config: tuning, cost }, context);
}

/** Plans a stage's work and memory without starting anything. */
function draftStage({ stage, config, cost }: CostedStage, context: DraftContext): StageDraft {
  const { model, data, compile, processBytes } = context;
  const { modules, arrays, curvature } = cost;
  // The memory planned is the processor's, wherever the job computes.
  const compiled: CompileSettings = { ...compile, device: 'cpu' };
  const graphs = model.graphs(modules, compiled);
  const work = stageWorkload(data, config, cost, graphs.tokensPerRun);
  const answering = { answers: data.scoring.answers, deltaSize: model.layout(modules).size };
  const memory = stageMemory(graphs, work, { ...compiled, ...answering, processBytes, curvature, arrays });
  return { stage, modules, graphs, work, memory };
}

/** Resident memory at a stage's peak, by what holds it. */
export interface StageMemory {
  /** This process as it is now (Node.js, the tokenizer, the task's data), and ONNX Runtime's library. */
  readonly processBytes: number;
  /** The sessions that train: weights, activations, gradients. */
  readonly trainingBytes: number;
  /** The sessions that answer the validation set. */
  readonly generationBytes: number;
  /** Flat arrays: the modules' parameters, their gradients and moments, and the copies a step makes. */
  readonly arraysBytes: number;
  readonly peakBytes: number;
}

interface Sized {
  readonly size: BatchSize;
}

/**
 * Sizes simulated of a stage: its largest, and others on the way there, as an arena's layout depends on what came
 * before.
 */
const SIMULATED_SIZES = 12;

/**
 * Peak memory of a stage, by simulating its sessions on batches of its sizes. An arena gives nothing back, so that a
 * stage ends with the sum of what each of its sessions ever needed.
 */
export function stageMemory(
  graphs: ProgramGraphs,
  { training, generation }: { readonly training: readonly Sized[]; readonly generation: readonly Sized[] },
  options: {
    readonly prepack?: boolean;
    /** Whether the stage differentiates gradients, in a session of its own. */
    readonly curvature: boolean;
    /** How validations are answered. */
    readonly answers: AnswerMode;
    readonly processBytes: number;
    /** Length of the delta vector, and how many float32 arrays of that length a step holds. */
    readonly deltaSize: number;
    readonly arrays: number;
  },
): StageMemory {
  let trainingBytes = 0;
  for (const graph of [graphs.training, ...(options.curvature ? [graphs.curvature()] : [])]) {
    const trainer = simulateSession(graph, options);
    for (const size of representatives(training)) trainer.run(graphs.extents(size));
    trainingBytes += trainer.residentBytes();
  }

  const answering = graphs.answering(options.answers).map(({ graph }) => simulateSession(graph, options));
  let passedBytes = 0;
  for (const size of representatives(generation)) {
    const extents = graphs.extents(size);
    for (const session of answering) session.run(extents);
    // What a graph puts out passes through JavaScript on its way to the next one, keys and values from one token to the
    // next.
    passedBytes = Math.max(
      passedBytes,
      answering.reduce((sum, session) => sum + session.outputBytes(extents), 0),
    );
  }
  const generationBytes = answering.reduce((sum, session) => sum + session.residentBytes(), passedBytes);

  const processBytes = options.processBytes + RUNTIME_BYTES;
  const arraysBytes = 4 * options.deltaSize * options.arrays;
  const peakBytes = processBytes + trainingBytes + generationBytes + arraysBytes;
  return { processBytes, trainingBytes, generationBytes, arraysBytes, peakBytes };
}

/** At most so many sizes, evenly chosen from the smallest to the largest, in the order given. */
function representatives(runs: readonly Sized[]): BatchSize[] {
  const bySize = runs.map(({ size }) => size).sort((a, b) => tokens(a) - tokens(b));
  const last = bySize.length - 1;
  const places = Array.from({ length: SIMULATED_SIZES }, (_, i) => Math.round((i * last) / (SIMULATED_SIZES - 1)));
  const chosen = new Set(places.map(place => bySize[place]));
  return runs.map(({ size }) => size).filter(size => chosen.has(size));
}

const tokens = ({ rows, source, target }: BatchSize): number => rows * (source + target);

/** A job before it is run, in values. */
export interface PlannedJob {
  /** Where its weights are not there, no step can be timed. */
  readonly model: ModelSketch & Partial<Pick<Model, 'compile'>>;
  readonly data: PlannedData;
  readonly search: ResolvedSearch;
  readonly compile: CompileSettings;
  /** As the data are encoded. */
  readonly encoding: Pick<EncodingOptions, 'maxLength'>;
  /** Structures to be tuned and tested after the search: what it finds, and a random one beside it; or none. */
  readonly tunings: 0 | 1 | 2;
  /** Resident memory of this process as it is now. */
  readonly processBytes: number;
}

export type Timings = ReadonlyMap<PlannedStage, ProgramTiming>;

export function draftStages(job: PlannedJob): StageDraft[] {
  return costStages(job).map(stage => draftStage(stage, job));
}

/** Of a job whose stages compute nothing, the process as it is. */
export const largestPeak = ({ processBytes }: PlannedJob, drafts: readonly StageDraft[]): number =>
  drafts.reduce((most, { memory }) => Math.max(most, memory.peakBytes), processBytes);

/** Times each stage's program, on fewer rows where what the machine has free would not hold a whole batch. */
export async function timeStages(
  job: PlannedJob,
  drafts: readonly StageDraft[],
  compile: Model['compile'],
  signal: AbortSignal | undefined,
): Promise<Timings> {
  const { data, search } = job;
  const { microBatch, batchSize } = search.stage;
  // Activations grow with the rows and are only a part of it all: the square leaves room.
  const share = Math.min(1, process.availableMemory() / largestPeak(job, drafts));
  const mostRows = Math.max(1, Math.floor((microBatch ?? batchSize) * share ** 2));
  const timings = new Map<PlannedStage, ProgramTiming>();
  for (const { stage, modules, graphs, work } of drafts) {
    const program = await compile(modules);
    try {
      timings.set(
        stage,
        await timeProgram(program, graphs, work, { answers: data.scoring, mostRows, ...(signal && { signal }) }),
      );
    } finally {
      await program.release();
    }
  }
  return timings;
}

/** The stages, and the scoring of the test set after the last one; that one as often as a structure is tuned. */
export function totalSeconds(
  { data, tunings }: PlannedJob,
  drafts: readonly StageDraft[],
  timings: Timings | undefined,
): number | null {
  if (!timings) return null;
  let total = 0;
  for (const { stage, graphs, work } of drafts) {
    const timing = timings.get(stage)!;
    const seconds = workSeconds(timing, graphs, work);
    if (stage === 'search') total += seconds;
    else total += tunings * (seconds + generationSeconds(timing, graphs, generationRuns(data.test, data)));
  }
  return total;
}
