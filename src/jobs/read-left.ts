import { basename } from 'node:path';
import { isThere } from '../files/regular-file.ts';
import { type RunResult, readResult } from '../runs/result.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { lost, type RunOutcome } from '../runs/run-outcome.ts';
import { readStructure, type Structure } from '../structure/structure-file.ts';
import type { JobContext } from './job-events.ts';

/** What a run has done already, by the files that are there. */
export interface Left {
  readonly result: RunResult | undefined;
  /** Undefined where the search, or the first training, is still to end. */
  readonly structure: Structure | undefined;
  /** Whether its parameters are trained, and there. */
  readonly isTrained: boolean;
}

/**
 * Reads what a run that is gone on with has done. Where a file of what was done is not there any more, it is said what
 * is done again for it, and no more is.
 * @param before how it ended when it was last worked on
 * @throws InputError where what is gone cannot be made of the rest
 */
export async function readLeft(
  folder: RunFolder,
  before: RunOutcome | undefined,
  { onEvent }: Pick<JobContext, 'onEvent'>,
): Promise<Left> {
  const result = await readResult(folder.result);
  const isOver = before?.ended === 'finished';
  const [hasStructure, hasDelta] = [isThere(folder.structure), isThere(folder.delta)];
  if (result !== undefined && !hasStructure) throw lost(folder, folder.structure);
  const isKnown = result !== undefined || (isOver && hasStructure);
  const isTrained = hasDelta && hasStructure && (result?.score !== undefined || (result === undefined && isOver));
  const again = (path: string, what: string) =>
    onEvent?.({ type: 'warning', text: `${basename(path)} is not there any more: ${what}` });
  if (result?.score !== undefined && !hasDelta) again(folder.delta, 'what the structure keeps is trained again');
  if (result === undefined && isOver && hasDelta) {
    if (!hasStructure) again(folder.result, 'neither is structure.json, and the whole run is done again');
    else again(folder.result, 'its scores are computed again; what the stages took is not known any more');
  } else if (result === undefined && isKnown) {
    again(folder.result, 'what the search took is not known any more');
  }
  return { result, structure: isKnown ? await readStructure(folder.structure) : undefined, isTrained };
}
