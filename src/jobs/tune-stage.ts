import { join } from 'node:path';
import { type TunedStructure, tune } from '../library/tune.ts';
import type { StageResources } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { startStageMemory } from '../runs/stage-memory.ts';
import type { Structure } from '../structure/structure-file.ts';
import { checkpointFile } from '../training/checkpoint.ts';
import type { JobContext } from './job-events.ts';
import { relay } from './log-events.ts';
import type { Prepared } from './prepare.ts';

export interface TuneStageResult extends TunedStructure {
  /** Best validation score, that of `delta`. */
  readonly validation: number;
  readonly resources: StageResources;
}

/**
 * Tunes a structure. Goes on from a checkpoint where there is one.
 * @param trial name of the attempt, where several are made of the stage
 */
export async function runTuneStage(
  { model, data, settings, catalogue }: Prepared,
  structure: Structure,
  stage: 'retrain' | 'random',
  folder: RunFolder,
  { signal, onEvent }: JobContext,
  trial?: string,
): Promise<TuneStageResult> {
  const store = checkpointFile(join(folder.checkpoint, `${[stage, trial].filter(Boolean).join('-')}.safetensors`));
  const memory = startStageMemory(store);
  try {
    const events = tune(model, structure, data, settings, { checkpoint: memory.checkpoint, signal, catalogue });
    const { delta, score, seconds, evaluations } = await relay(events, stage, folder.metrics, onEvent, trial);
    return { structure, delta, validation: score, resources: { seconds, peakBytes: memory.stop(), evaluations } };
  } finally {
    memory.stop();
  }
}
