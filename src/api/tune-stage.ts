import { join } from 'node:path';
import { startPeakMemory } from '../runs/peak-memory.ts';
import type { StageResources } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { Structure } from '../structure/structure-file.ts';
import { checkpointFile } from '../training/checkpoint.ts';
import { evaluateInDetail } from './evaluate.ts';
import type { JobContext } from './job-events.ts';
import type { Prepared } from './prepare.ts';
import { relay } from './relay.ts';
import { tune } from './tune.ts';

export interface TuneStageResult {
  readonly delta: Float32Array;
  /** Best validation score, and the test score of the same parameters. */
  readonly validation: number;
  readonly test: number;
  /** Further metrics of the task on the test split, by their names. */
  readonly details: Readonly<Record<string, number>>;
  /** Of the training alone: testing is not in it. */
  readonly resources: StageResources;
}

/** Tunes a structure and scores it on the test split. Goes on from a checkpoint where there is one. */
export async function runTuneStage(
  { model, data, settings }: Prepared,
  structure: Structure,
  stage: 'retrain' | 'random',
  folder: RunFolder,
  { signal, onEvent }: JobContext,
): Promise<TuneStageResult> {
  const checkpoint = checkpointFile(join(folder.checkpoint, `${stage}.safetensors`));
  const memory = startPeakMemory();
  try {
    const events = tune(model, structure, data, settings, { checkpoint, signal });
    const tuned = await relay(events, stage, folder.metrics, onEvent);
    const { delta, score: validation, seconds, evaluations } = tuned;
    const resources = { seconds, peakBytes: memory.stop(), evaluations };
    const { score: test, details } = await evaluateInDetail(model, tuned, data, 'test', { signal });
    return { delta, validation, test, details, resources };
  } finally {
    memory.stop();
  }
}
