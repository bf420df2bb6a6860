import { join } from 'node:path';
import { retrainStage } from '../config/job-config.ts';
import { startPeakMemory } from '../runs/peak-memory.ts';
import type { StageResources } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { DeltaModule } from '../structure/module.ts';
import { checkpointFile } from '../training/checkpoint.ts';
import { tune } from '../training/tune.ts';
import { writeDelta } from './delta-file.ts';
import type { JobContext } from './job-events.ts';
import type { Prepared } from './prepare.ts';
import { relay } from './relay.ts';
import { scoreSplit } from './scoring.ts';

export interface TuneStageResult {
  /** Best validation score, and the test score of the same parameters. */
  readonly validation: number;
  readonly test: number;
  readonly resources: StageResources;
}

/**
 * Trains modules from fresh initial values on all of D_train, keeps the best by validation and scores it on the test
 * split. The stage `retrain` also writes `delta.safetensors`; `random` is only there to compare with.
 */
export async function runTuneStage(
  prepared: Prepared,
  modules: readonly DeltaModule[],
  stage: 'retrain' | 'random',
  folder: RunFolder,
  context: JobContext,
): Promise<TuneStageResult> {
  const { model, settings, train, validation, test, scoring } = prepared;
  const memory = startPeakMemory();
  const program = await model.compile(modules);
  try {
    const events = tune(
      {
        program,
        examples: train,
        initialDelta: program.initialDelta(settings.seed),
        evaluate: delta => scoreSplit(program, validation, scoring, delta),
      },
      retrainStage(settings),
      {
        checkpoint: checkpointFile(join(folder.checkpoint, `${stage}.safetensors`)),
        ...(context.signal !== undefined && { signal: context.signal }),
      },
    );
    const tuned = await relay(events, stage, folder.metrics, context.onEvent);
    const resources = { seconds: tuned.seconds, peakBytes: memory.stop(), evaluations: tuned.evaluations };
    const testScore = await scoreSplit(program, test, scoring, tuned.delta);
    if (stage === 'retrain') await writeDelta(folder.delta, model, program.layout, tuned.delta);
    return { validation: tuned.score, test: testScore, resources };
  } finally {
    memory.stop();
    await program.release();
  }
}
