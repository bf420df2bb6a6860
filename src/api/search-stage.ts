import { join } from 'node:path';
import type { StageResources } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { beginHistory } from '../runs/search-history.ts';
import { startStageMemory } from '../runs/stage-memory.ts';
import { type Structure, writeStructure } from '../structure/structure-file.ts';
import { checkpointFile } from '../training/checkpoint.ts';
import type { JobContext } from './job-events.ts';
import type { Prepared } from './prepare.ts';
import { recordHistory } from './record-history.ts';
import { relay } from './relay.ts';
import { searchStructure } from './search-structure.ts';
import { openSpace } from './structures.ts';

export interface SearchStageResult {
  readonly structure: Structure;
  readonly resources: StageResources;
}

/** Searches a structure and writes `structure.json`. Goes on from a checkpoint where there is one. */
export async function runSearchStage(
  { model, data, settings }: Prepared,
  folder: RunFolder,
  { signal, onEvent }: JobContext,
): Promise<SearchStageResult> {
  const store = checkpointFile(join(folder.checkpoint, 'search.safetensors'));
  const { candidates, budget } = openSpace(model, settings);
  onEvent?.({ type: 'candidates', parameters: candidates.map(({ parameters }) => parameters), budget });
  const memory = startStageMemory(store);
  try {
    const events = searchStructure(model, data, settings, { checkpoint: memory.checkpoint, signal });
    await beginHistory(folder.history, { candidates, budget, keepInert: settings['keep-inert'] });
    const record = recordHistory(folder.history);
    const { structure, warnings, seconds, evaluations } = await relay(events, 'search', folder.metrics, event => {
      record(event);
      onEvent?.(event);
    });
    for (const text of warnings) onEvent?.({ type: 'warning', text });
    await writeStructure(folder.structure, structure);
    return { structure, resources: { seconds, peakBytes: memory.stop(), evaluations } };
  } finally {
    memory.stop();
  }
}
