import { join } from 'node:path';
import { searchStage } from '../config/job-config.ts';
import { startPeakMemory } from '../runs/peak-memory.ts';
import type { StageResources } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { search } from '../search/search.ts';
import type { DeltaModule } from '../structure/module.ts';
import { createStructure, type Structure, writeStructure } from '../structure/structure-file.ts';
import { checkpointFile } from '../training/checkpoint.ts';
import { splitHalves } from './halves.ts';
import type { JobContext } from './job-events.ts';
import type { Prepared } from './prepare.ts';
import { relay } from './relay.ts';
import { scoreSplit } from './scoring.ts';

export interface SearchStageResult {
  readonly structure: Structure;
  readonly resources: StageResources;
}

/** Searches a structure among the candidates and writes `structure.json`. Goes on from a checkpoint where there is one. */
export async function runSearchStage(
  prepared: Prepared,
  candidates: readonly DeltaModule[],
  budget: number,
  folder: RunFolder,
  context: JobContext,
): Promise<SearchStageResult> {
  const { model, settings, validation, scoring } = prepared;
  const options = { ...searchStage(settings), budget };
  const halves = splitHalves(prepared.train, settings.seed);
  const memory = startPeakMemory();
  const program = await model.compile(candidates);
  try {
    const events = search(
      {
        program,
        deltaExamples: halves.delta,
        alphaExamples: halves.alpha,
        initialDelta: program.initialDelta(settings.seed),
        evaluate: (delta, gates) => scoreSplit(program, validation, scoring, delta, gates),
      },
      options,
      { checkpoint: checkpointFile(join(folder.checkpoint, 'search.safetensors')), ...signalOf(context) },
    );
    const found = await relay(events, 'search', folder.metrics, context.onEvent);
    for (const text of found.warnings) context.onEvent?.({ type: 'warning', text });
    const structure = createStructure(model, { space: settings.space, budget }, candidates, found);
    await writeStructure(folder.structure, structure);
    const { seconds, evaluations } = found;
    return { structure, resources: { seconds, peakBytes: memory.stop(), evaluations } };
  } finally {
    memory.stop();
    await program.release();
  }
}

function signalOf({ signal }: JobContext) {
  return signal === undefined ? {} : { signal };
}
