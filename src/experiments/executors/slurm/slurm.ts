import { z } from 'zod';
import { openPlugins } from '../../../catalogue/open-plugins.ts';
import { parseBytes } from '../../../config/parse-settings.ts';
import { key, keyWithDefault, positiveInteger, workerCount } from '../../../core/checked-values.ts';
import { InputError } from '../../../core/errors.ts';
import { bytes } from '../../../core/format.ts';
import { runPlanJob } from '../../../jobs/plan-job.ts';
import type { Cell } from '../../cell.ts';
import type { ExecutorContext, ExecutorKind } from '../executor.ts';
import { mostTasks, requirePartition, slurm as runSlurm, slurmArrays, slurmQueue } from './slurm-arrays.ts';

const word = z.coerce.string().min(1);

const options = z.strictObject({
  partition: key(word, "partition to submit to (default: the cluster's)", { hint: 'NAME' }),
  time: key(
    word,
    "longest time of a run at a stretch; before it is up the run is saved and queued again (default: the partition's)",
    { hint: 'H:MM:SS' },
  ),
  cpus: key(workerCount, 'processors, and threads, of a run (default: --threads, or 2)', { hint: 'N' }),
  memory: key(word, 'memory of a run (default: what `plan` says of the largest, and a fifth more)', { hint: '4GB' }),
  gpus: key(word, 'GPUs of a run', { hint: 'N' }),
  'at-most': key(positiveInteger, 'runs at a time (default: as many as there is room for)', { hint: 'N' }),
  retries: keyWithDefault(z.coerce.number().int().min(0).max(100), 0, 'how often to try a run again that has failed', {
    hint: 'N',
  }),
  'slurm-args': key(word, "further options of sbatch, in one text: '--account=me --qos=long'", { hint: 'TEXT' }),
});

/** Threads of a run where nothing is said: few, so that many runs fit on a node; as in a sweep. */
const usualThreads = 2;

/** Slurm: one job array over a folder that all nodes share. */
export const slurm = {
  name: 'slurm',
  description: 'a job array of Slurm, over a folder that its nodes share',
  options,
  threads: ({ cpus = usualThreads }) => cpus,
  async open(options, { out, cells, loaders, catalogue, tell }) {
    await runSlurm('sbatch', ['--version']);
    await requirePartition(options.partition);
    const memory =
      options.memory === undefined
        ? await proposedMemory(cells, { loaders, catalogue, tell })
        : parseBytes(options.memory, '--memory');
    const { partition, time, gpus, cpus = cells[0]?.settings.threads ?? usualThreads } = options;
    const resources = { partition, time, gpus, cpus, memory, atMost: options['at-most'], extra: options['slurm-args'] };
    return slurmArrays({ out, resources, retries: options.retries, most: await mostTasks(), tell });
  },
  queue: async (_, out) => slurmQueue(out),
} as const satisfies ExecutorKind<typeof options>;

/** What is asked for over what a plan says: what lies beside graphs and weights differs from machine to machine. */
const margin = 1.2;

/** Copies of all weights that training them takes beside the frozen ones: values, gradient, two moments, a best one. */
const copiesOfWeights = 5;

/**
 * Bytes that the largest of these runs will take, by the plan of a search with its settings: a search trains all
 * candidates, and no training of a structure holds more. Where that cannot be planned, nothing is proposed.
 */
async function proposedMemory(
  cells: readonly Cell[],
  { loaders, catalogue, tell }: Pick<ExecutorContext, 'loaders' | 'catalogue' | 'tell'>,
): Promise<number | undefined> {
  let most: number | undefined;
  for (const [first] of Map.groupBy(cells, sizeOf).values()) {
    const { method, structure, map, budget = '100%', ...settings } = first!.settings;
    const known = openPlugins(settings.plugins, catalogue);
    try {
      const plan = await runPlanJob({ ...settings, budget }, { loaders, catalogue, timing: false });
      const trainsAll = method !== undefined && known.methods[method]?.trainsAllWeights === true;
      const copies = trainsAll ? copiesOfWeights * 4 * plan.backboneParameters : 0;
      most = Math.max(most ?? 0, plan.peakBytes + copies);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  if (most === undefined) return undefined;
  const asked = most * margin;
  tell(`asking for ${bytes(asked)} of memory a run, by its plan; --memory says otherwise`);
  return asked;
}

/** Runs that differ in nothing of this need the same memory. */
function sizeOf({ task, method, variant }: Cell): string {
  return JSON.stringify([task, method, variant]);
}
