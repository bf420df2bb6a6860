import { dirname } from 'node:path';
import { z } from 'zod';
import { makeFolder } from '../files/folders.ts';
import { isThere, readBytesSync } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { MetricsLine } from './metrics-log.ts';
import type { RunFolder } from './run-folder.ts';

const stagesToCome = z.array(
  z.object({
    /** As in `metrics.jsonl`, or `test`. */
    stage: z.string(),
    /** Name of the attempt, where a method makes several. */
    trial: z.string().optional(),
    /** Loss-and-gradient evaluations; 0 where it has none. */
    evaluations: z.number(),
  }),
);

/** Every stage of a job, in its order: what it costs is known before it begins. */
export type PlannedStages = Readonly<z.infer<typeof stagesToCome>>;

/** Notes beside a run's state what its job will do, for whoever looks at it from outside. */
export async function writeStagesToCome({ stages }: RunFolder, planned: PlannedStages): Promise<void> {
  await makeFolder(dirname(stages));
  await writeFileWhole(stages, JSON.stringify(planned));
}

/** The stages of a run's job, and the place among them of the one that a line was written in, where that is known. */
export function readStagesToCome(
  { stages }: RunFolder,
  { stage, trial }: Pick<MetricsLine, 'stage' | 'trial'>,
): { readonly stages: PlannedStages; readonly place: number } | undefined {
  if (!isThere(stages)) return undefined;
  try {
    const planned = stagesToCome.parse(JSON.parse(readBytesSync(stages).toString()));
    const place = planned.findIndex(each => each.stage === stage && each.trial === trial);
    return place < 0 ? undefined : { stages: planned, place };
  } catch {
    // It may be another version's: nothing but a time that is told hangs on it.
    return undefined;
  }
}
