import { z } from 'zod';
import { parseBytes } from '../../../config/parse-settings.ts';
import { key, keyWithDefault, positiveInteger } from '../../../core/key.ts';
import type { ExecutorKind } from '../executor.ts';
import { proposedMemory } from './proposed-memory.ts';
import { slurmArrays } from './slurm-arrays.ts';
import { mostTasks, requirePartition, slurm as runSlurm } from './slurm-commands.ts';
import { slurmQueue } from './slurm-queue.ts';

const word = z.coerce.string().min(1);

const options = z.strictObject({
  partition: key(word, "partition to submit to (default: the cluster's)", { hint: 'NAME' }),
  time: key(
    word,
    "longest time of a run at a stretch; before it is up the run is saved and queued again (default: the partition's)",
    { hint: 'H:MM:SS' },
  ),
  cpus: key(positiveInteger, 'processors, and threads, of a run (default: --threads, or 2)', { hint: 'N' }),
  memory: key(word, 'memory of a run (default: what `plan` says of the largest, and a fifth more)', { hint: '4GB' }),
  gpus: key(word, 'GPUs of a run', { hint: 'N' }),
  'at-most': key(positiveInteger, 'runs at a time (default: as many as there is room for)', { hint: 'N' }),
  retries: keyWithDefault(z.coerce.number().int().nonnegative(), 0, 'how often to try a run again that has failed', {
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
