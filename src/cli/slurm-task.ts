import { StopRequest } from '../core/errors.ts';
import { visible } from '../core/format.ts';
import { runTask } from '../experiments/executors/slurm/run-task.ts';

// The program of a task of Slurm: `slurm-task FILE NUMBER` does one cell of an array, and ends. What it prints is the
// task's log.

function abortedBy(signal: NodeJS.Signals, by: string): AbortSignal {
  const controller = new AbortController();
  process.on(signal, () => controller.abort(new StopRequest(by)));
  return controller.signal;
}

const [file, number] = process.argv.slice(2) as [string, string];
const hasSucceeded = await runTask(file, Number(number), {
  timeIsUp: abortedBy('SIGUSR1', 'Slurm, as its time is up'),
  cancelled: abortedBy('SIGTERM', 'Slurm'),
  tell: text => process.stdout.write(`${visible(text)}\n`),
});
process.exitCode = hasSucceeded ? 0 : 1;
