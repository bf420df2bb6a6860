import { join } from 'node:path';
import { type TunedStructure, tuneStructure } from '../library/tune.ts';
import type { StageResources } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { startStageMemory } from '../runs/stage-memory.ts';
import { checkpointFile } from '../training/checkpoint.ts';
import type { JobContext } from './job-events.ts';
import { relay } from './log-events.ts';
import type { ResolvedJob } from './prepare.ts';
import type { Trial } from './trials.ts';

export interface TuneStageResult extends TunedStructure {
  /** Best validation score, that of `delta`. */
  readonly validation: number;
  /** Mean validation loss there, where it was taken. */
  readonly validationLoss?: number;
  readonly resources: StageResources;
}

/**
 * Tunes the structure of a trial. Goes on from a checkpoint where there is one.
 */
export async function runTuneStage(
  { model, data, catalogue }: Pick<ResolvedJob, 'model' | 'data' | 'catalogue'>,
  { name, structure, tuning }: Trial,
  stage: 'retrain' | 'random',
  folder: RunFolder,
  { signal, onEvent }: JobContext,
): Promise<TuneStageResult> {
  const store = checkpointFile(join(folder.checkpoint, `${[stage, name].filter(Boolean).join('-')}.safetensors`));
  const memory = startStageMemory(store);
  try {
    const events = tuneStructure(model, structure, data, tuning, { checkpoint: memory.checkpoint, signal, catalogue });
    const { delta, score, validationLoss, seconds, evaluations } = await relay(
      events,
      stage,
      folder.metrics,
      onEvent,
      name,
    );
    const resources = { seconds, peakBytes: memory.stop(), evaluations };
    return { structure, delta, validation: score, ...(validationLoss !== undefined && { validationLoss }), resources };
  } finally {
    memory.stop();
  }
}
