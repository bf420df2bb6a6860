import { join } from 'node:path';
import { type ResolvedSearch, runSearch } from '../library/search-structure.ts';
import type { StageResources } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { appendHistory, beginHistory, cutHistory, type Opinion } from '../runs/search-history.ts';
import { startStageMemory } from '../runs/stage-memory.ts';
import { type Structure, writeStructure } from '../structure/structure-file.ts';
import { checkpointFile } from '../training/checkpoint.ts';
import { isMoment, type JobContext, type JobEvent, relay } from './job-events.ts';
import type { ResolvedJob } from './prepare.ts';

export interface SearchStageResult {
  readonly structure: Structure;
  readonly resources: StageResources;
}

/** Searches a structure and writes `structure.json`. Goes on from a checkpoint where there is one. */
export async function runSearchStage(
  { model, data }: Pick<ResolvedJob, 'model' | 'data'>,
  search: ResolvedSearch,
  folder: RunFolder,
  { signal, onEvent }: JobContext,
): Promise<SearchStageResult> {
  const store = checkpointFile(join(folder.checkpoint, 'search.safetensors'));
  const { candidates, budget, keepInert } = search.space;
  const parameters = candidates.map(({ parameters }) => parameters);
  const inert = candidates.map(({ inert }) => inert);
  onEvent?.({ type: 'candidates', parameters, inert, keepInert, budget });
  const memory = startStageMemory(store);
  try {
    const events = runSearch(model, data, search, { checkpoint: memory.checkpoint, signal });
    await beginHistory(folder.history, { candidates, budget, keepInert });
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

/**
 * A listener that writes what a search thinks to its history, moment by moment. What the file has of steps that are
 * told again, after a crash, is taken back first: it ends as that of a search without one.
 */
export function recordHistory(file: string): (event: JobEvent) => void {
  let latest: { step: number; opinion: Opinion; written: boolean } | undefined;
  let isFirst = true;
  const write = () => {
    if (latest === undefined || latest.written) return;
    appendHistory(file, latest.step, latest.opinion);
    latest.written = true;
  };
  return event => {
    if (isFirst && (event.type === 'step' || event.type === 'evaluation')) {
      isFirst = false;
      cutHistory(file, event.type === 'step' ? event.step : event.step + 1);
    }
    const opinion = event.type === 'step' ? opinionOf(event) : undefined;
    if (event.type === 'step' && opinion !== undefined) {
      latest = { step: event.step, opinion, written: false };
      if (isMoment(event)) write();
    } else if (event.type === 'evaluation' && event.step === latest?.step) {
      write();
    }
  };
}

function opinionOf({ probabilities, worth }: Extract<JobEvent, { type: 'step' }>): Opinion | undefined {
  if (probabilities !== undefined) return { probabilities };
  return worth === undefined ? undefined : { worth };
}
