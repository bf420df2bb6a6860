import { join } from 'node:path';
import { DivergedError } from '../core/errors.ts';
import { headSize } from '../deltas/layout.ts';
import { readDelta, writeDelta } from '../library/delta-file.ts';
import { dataRemarks } from '../library/encode-task.ts';
import { evaluate, evaluateInDetail } from '../library/evaluate.ts';
import { drawFrom, type ResolvedSpace } from '../library/structures.ts';
import { type TunedStructure, tuneStructure } from '../library/tune.ts';
import { type RunResult, resourcesRatio, type StageResources, writeResult } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { startStageMemory } from '../runs/stage-memory.ts';
import { keptModules, type Structure, writeStructure } from '../structure/structure-file.ts';
import { checkpointFile } from '../training/checkpoint.ts';
import { type JobContext, relay } from './job-events.ts';
import type { ResolvedJob } from './prepare.ts';
import type { Trial } from './trials.ts';

/**
 * Tunes each trial, keeps the one with the least validation loss, scores that one on the test split, and writes
 * `structure.json`, `delta.safetensors` and `result.json`.
 * @param known what the search cost, where there was one, and the score of a random structure, where it has one already
 */
export async function tuneBest(
  job: ResolvedJob,
  trials: readonly Trial[],
  known: { readonly search?: StageResources | undefined; readonly random?: number | undefined },
  folder: RunFolder,
  context: JobContext,
): Promise<{ result: RunResult; structure: Structure }> {
  const { model, catalogue } = job;
  const tried = await runTrials(job, trials, folder, context);
  const best = tried.reduce((best, next) => (isBetter(next, best) ? next : best));
  const { structure, delta, resources: retrain } = best;
  const tested = await testOf(job, best, best.validation, context);
  await writeStructure(folder.structure, structure);
  await writeDelta(folder.delta, model, model.layout(keptModules(structure, model, undefined, catalogue)), delta);
  const total = (cost: 'seconds' | 'evaluations') => tried.reduce((sum, { resources }) => sum + resources[cost], 0);
  const { search, random } = known;
  const ratio = resourcesRatio(search, retrain);
  const result: RunResult = {
    ...tested,
    score: { ...tested.score, ...(random !== undefined && { random }) },
    resources: {
      ...(search && { search }),
      retrain,
      ...(trials.length > 1 && {
        trials: { count: trials.length, seconds: total('seconds'), evaluations: total('evaluations') },
      }),
      ...tested.resources,
      ...(ratio && { ratio }),
    },
  };
  await writeResult(folder.result, result);
  return { result, structure };
}

/** Among equals the first stays: it is the simplest, where trials are ordered at all. */
function isBetter(next: TuneStageResult, best: TuneStageResult): boolean {
  const [own, other] = [next.validationLoss, best.validationLoss];
  // What an earlier version has trained took no loss.
  if (own === undefined || other === undefined || Number.isNaN(other)) return next.validation > best.validation;
  return own < other;
}

/**
 * Scores what a run has trained whose result is gone, and writes it: what the training took is not known any more.
 * @param search what the search cost, where that is known
 */
export async function scoreAgain(
  job: ResolvedJob,
  structure: Structure,
  search: StageResources | undefined,
  folder: RunFolder,
  context: JobContext,
): Promise<RunResult> {
  const { model, data, catalogue } = job;
  const layout = model.layout(keptModules(structure, model, folder.structure, catalogue));
  const tuned = { structure, delta: await readDelta(folder.delta, model, layout) };
  const validation = await evaluate(model, tuned, data, 'validation', { ...context, catalogue });
  const tested = await testOf(job, tuned, validation, context);
  const result: RunResult = { ...tested, resources: { ...(search && { search }), ...tested.resources } };
  await writeResult(folder.result, result);
  return result;
}

/** A run's result as its test makes it. */
async function testOf(
  job: ResolvedJob,
  tuned: TunedStructure,
  validation: number,
  context: JobContext,
): Promise<RunResult & Required<Pick<RunResult, 'score'>>> {
  const { model, data, catalogue } = job;
  context.onEvent?.({ type: 'stage', stage: 'test' });
  const started = performance.now();
  const tested = await evaluateInDetail(model, tuned, data, 'test', { ...context, catalogue });
  const { score: test, details, interval } = tested;
  return {
    ...resultOf(job, tuned.structure),
    score: {
      ...{ metric: data.task.metric, validation, test, majority: data.majority },
      ...(Object.keys(details).length > 0 && { details }),
    },
    ...(interval && { testInterval: interval }),
    resources: { test: { seconds: (performance.now() - started) / 1000 } },
  };
}

/** One after the other. One that diverges is out of the running; where all do, there is nothing to keep. */
async function runTrials(
  job: ResolvedJob,
  trials: readonly Trial[],
  folder: RunFolder,
  context: JobContext,
): Promise<TuneStageResult[]> {
  const tried: TuneStageResult[] = [];
  let divergence: DivergedError | undefined;
  for (const [index, trial] of trials.entries()) {
    const { name } = trial;
    if (name !== undefined) {
      context.onEvent?.({ type: 'message', text: `trial ${index + 1} of ${trials.length}: ${name}` });
    }
    try {
      tried.push(await runTuneStage(job, trial, 'retrain', folder, context));
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error;
      divergence = error;
      if (name !== undefined) context.onEvent?.({ type: 'warning', text: `${name}: ${error.message}` });
    }
  }
  if (tried.length === 0) throw divergence;
  return tried;
}

/** Tunes a random structure of the same budget alike and adds its test score to `result.json`. Done once a run. */
export async function compareWithRandom(
  { space, ...job }: ResolvedJob & { readonly space: ResolvedSpace },
  before: RunResult,
  folder: RunFolder,
  context: JobContext,
): Promise<RunResult> {
  if (before.score === undefined || before.score.random !== undefined) return before;
  const { model, data, tuning, catalogue } = job;
  const structure = drawFrom(model, { ...space, budget: before.budget.parameters }, tuning.seed);
  const tuned = await runTuneStage(job, { structure, tuning }, 'random', folder, context);
  context.onEvent?.({ type: 'stage', stage: 'test' });
  const random = await evaluate(model, tuned, data, 'test', { ...context, catalogue });
  const result: RunResult = { ...before, score: { ...before.score, random } };
  await writeResult(folder.result, result);
  return result;
}

/** A run's result before anything is scored. Without a budget, what the structure spends stands for it. */
export function resultOf({ data, model, compile, tuning }: ResolvedJob, structure: Structure): RunResult {
  const kept = structure.modules.filter(module => module.kept);
  const parameters = kept.reduce((sum, module) => sum + module.parameters, 0);
  const budget = structure.budget ?? parameters;
  const head = headSize(model.heads);
  return {
    task: data.task.name,
    model: model.name,
    seed: tuning.seed,
    device: compile.device,
    data: {
      ...{ train: data.train.length, validation: data.validation.targets.length, test: data.test.targets.length },
      note: data.note,
      ...Object.fromEntries(dataRemarks.flatMap(name => (data[name] === undefined ? [] : [[name, data[name]]]))),
      ...(data.inputs.cut > 0 && { inputs: data.inputs }),
      ...(data.findings.length > 0 && { findings: data.findings }),
    },
    budget: { parameters: budget, fraction: budget / model.parameters },
    structure: {
      modules: kept.length,
      parameters,
      ...(head > 0 && { head }),
      ...(structure.source && { source: structure.source }),
    },
    resources: {},
  };
}

interface TuneStageResult extends TunedStructure {
  /** Best validation score, that of `delta`. */
  readonly validation: number;
  /** Mean validation loss there, where it was taken. */
  readonly validationLoss?: number;
  readonly resources: StageResources;
}

/**
 * Tunes the structure of a trial. Goes on from a checkpoint where there is one.
 */
async function runTuneStage(
  { model, data, catalogue }: Pick<ResolvedJob, 'model' | 'data' | 'catalogue'>,
  { name, structure, tuning, initialDelta }: Trial,
  stage: 'retrain' | 'random',
  folder: RunFolder,
  { signal, onEvent }: JobContext,
): Promise<TuneStageResult> {
  const store = checkpointFile(join(folder.checkpoint, `${[stage, name].filter(Boolean).join('-')}.safetensors`));
  const memory = startStageMemory(store);
  try {
    const events = tuneStructure(model, structure, data, tuning, {
      ...{ checkpoint: memory.checkpoint, signal, catalogue },
      ...(initialDelta && { initialDelta }),
    });
    const tuned = await relay(events, stage, folder.metrics, onEvent, name);
    const { delta, score, validationLoss, seconds, evaluations } = tuned;
    const resources = { seconds, peakBytes: memory.stop(), evaluations };
    return { structure, delta, validation: score, ...(validationLoss !== undefined && { validationLoss }), resources };
  } finally {
    memory.stop();
  }
}
