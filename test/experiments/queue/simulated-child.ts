import { openDatabase, queueUrl } from '../../../src/experiments/queue/database.ts';
import { workOnQueue } from '../../../src/experiments/queue/queue-worker.ts';
import { submitCells } from '../../../src/experiments/queue/submit-cells.ts';
import { type Simulation, simulatedRunner, simulatedSubmission } from './simulated-cells.ts';

/** What a process of a simulated experiment does: a worker or the submitter, to be killed at any point. */
export interface ChildTask {
  readonly submit?: { readonly count: number; readonly task: string; readonly name: string };
  readonly work?: Simulation & { readonly folders: readonly string[]; readonly untilEmpty?: boolean };
  /** Hours that this process's clock is ahead. */
  readonly skew?: number;
}

const { submit, work, skew = 0 } = JSON.parse(process.argv[2]!) as ChildTask;
const now = Date.now;
Date.now = () => now() + skew * 3_600_000;

const queue = await openDatabase(queueUrl(undefined), { superviseSeconds: 1 });
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
if (submit) {
  const cells = await Promise.all(
    Array.from({ length: submit.count }, (_, seed) => simulatedSubmission(seed, submit.task)),
  );
  process.stdout.write('submitting\n');
  await submitCells(queue, { name: submit.name, priority: 0, retries: 1, leaseSeconds: 10 }, cells);
}
if (work) {
  await workOnQueue(queue, {
    runner: () => simulatedRunner(work),
    allowed: { folders: work.folders, hub: false },
    signal: stop.signal,
    tell: text => process.stdout.write(`${text}\n`),
    untilEmpty: work.untilEmpty ?? false,
    ...{ checkpointSeconds: 0.2, pollSeconds: 0.5 },
  });
}
await queue.close();
