import { type RunResult, resourcesRatio, writeResult } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { DeltaModule } from '../structure/module.ts';
import { randomStructure } from '../structure/random-structure.ts';
import { keptModules, type Structure } from '../structure/structure-file.ts';
import type { JobContext } from './job-events.ts';
import type { Prepared } from './prepare.ts';
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
  const modules = keptModules(structure, prepared.model);
  const { validation, test, resources } = await runTuneStage(prepared, modules, 'retrain', folder, context);
  const ratio = resourcesRatio(before.resources.search, resources);
  const result: RunResult = {
    ...before,
    score: { metric: prepared.task.metric, validation, test, majority: prepared.majority },
    resources: { ...before.resources, retrain: resources, ...(ratio !== undefined && { ratio }) },
  };
  await writeResult(folder.result, result);
  return result;
}

/** Trains a random structure of the same budget alike and adds its test score to `result.json`. Done once a run. */
export async function compareWithRandom(
  prepared: Prepared,
  candidates: readonly DeltaModule[],
  budget: number,
  before: RunResult,
  folder: RunFolder,
  context: JobContext,
): Promise<RunResult> {
  if (before.score === undefined || before.score.random !== undefined) return before;
  const { seed, 'keep-inert': keepInert } = prepared.settings;
  const kept = randomStructure(candidates, { budget, keepInert, seed });
  const modules = candidates.filter((_, index) => kept[index]);
  const { test } = await runTuneStage(prepared, modules, 'random', folder, context);
  const result: RunResult = { ...before, score: { ...before.score, random: test } };
  await writeResult(folder.result, result);
  return result;
}
