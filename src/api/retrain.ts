import { layoutOf } from '../deltas/layout.ts';
import { type RunResult, resourcesRatio, writeResult } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { keptModules, type Structure } from '../structure/structure-file.ts';
import { writeDelta } from './delta-file.ts';
import type { JobContext } from './job-events.ts';
import type { Prepared } from './prepare.ts';
import { drawStructure } from './structures.ts';
import { runTuneStage } from './tune-stage.ts';

/** Trains what a structure keeps, scores it, and writes `delta.safetensors` and `result.json`. Done once a run. */
export async function retrainStructure(
  prepared: Prepared,
  structure: Structure,
  before: RunResult,
  folder: RunFolder,
  context: JobContext,
): Promise<RunResult> {
  if (before.score !== undefined) return before;
  const { model, data } = prepared;
  const tuned = await runTuneStage(prepared, structure, 'retrain', folder, context);
  const { delta, validation, test, resources } = tuned;
  await writeDelta(folder.delta, model, layoutOf(keptModules(structure, model)), delta);
  const ratio = resourcesRatio(before.resources.search, resources);
  const result: RunResult = {
    ...before,
    score: { metric: data.task.metric, validation, test, majority: data.majority },
    resources: { ...before.resources, retrain: resources, ...(ratio !== undefined && { ratio }) },
  };
  await writeResult(folder.result, result);
  return result;
}

/** Trains a random structure of the same budget alike and adds its test score to `result.json`. Done once a run. */
export async function compareWithRandom(
  prepared: Prepared,
  before: RunResult,
  folder: RunFolder,
  context: JobContext,
): Promise<RunResult> {
  if (before.score === undefined || before.score.random !== undefined) return before;
  const budget = String(before.budget.parameters);
  const structure = drawStructure(prepared.model, { ...prepared.settings, budget });
  const { test } = await runTuneStage(prepared, structure, 'random', folder, context);
  const result: RunResult = { ...before, score: { ...before.score, random: test } };
  await writeResult(folder.result, result);
  return result;
}
