import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `S3DELTA_QUEUE=postgres://… node bench/queue.ts [--rounds 3] [--workers 4] [--seeds 8] [--epochs 20]

Times the same runs (LoRA on the built-in model, by seeds) as \`sweep --processes 2\` and by workers of a queue on this
machine, one after the other in turn, and prints each round's ratio of the two. The queue must be one to play with:
what it has done once it does not do again, so a round takes seeds that it has not seen.`;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '4' },
    seeds: { type: 'string', default: '8' },
    epochs: { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help || !process.env.S3DELTA_QUEUE) {
  console.log(HELP);
  process.exit(flags.help ? 0 : 2);
}

const program = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const task = fileURLToPath(new URL('../examples/my-task/task.yaml', import.meta.url));
const [rounds, workers, seeds] = [flags.rounds, flags.workers, flags.seeds].map(Number) as [number, number, number];
const scratch = mkdtempSync(join(tmpdir(), 's3delta-bench-'));
const first = Math.floor(Date.now() / 1000) % 1_000_000_000;

const start = (args: readonly string[]) =>
  spawn(process.execPath, [program, ...args], { cwd: scratch, stdio: ['ignore', 'ignore', 'pipe'] });

async function ended(child: ChildProcess): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', text => {
    said = `${said}${text}`.slice(-4000);
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`it ended with ${code}: ${said}`);
}

/** Seconds that the runs of a round take. */
async function timed(round: number, name: string, command: readonly string[]): Promise<number> {
  const own = Array.from({ length: seeds }, (_, i) => first + round * seeds + i).join(',');
  const began = performance.now();
  await ended(
    start([
      ...[...command, '--model', 'mini', '--task', task, '--methods', 'lora', '--seeds', own, '--threads', '1'],
      ...['--retrain-epochs', flags.epochs, '--retrain-eval-every', '20', '--out', `${name}-${round}`],
    ]),
  );
  return (performance.now() - began) / 1000;
}

await ended(start(['queue']));
const crew = Array.from({ length: workers }, () => start(['worker', '--allow', join(task, '..')]));
const ratios: number[] = [];
try {
  for (let round = 0; round < rounds; round++) {
    const sweep = () => timed(round, 'sweep', ['sweep', '--processes', '2']);
    const queue = () => timed(round, 'queue', ['compare', '--executor', 'postgres']);
    // Each goes first in turn: what else the machine does drifts.
    const [a, b] =
      round % 2 === 0 ? [await sweep(), await queue()] : (([q, s]) => [s, q])([await queue(), await sweep()]);
    ratios.push(b! / a!);
    const load = loadavg()[0]!.toFixed(1);
    console.log(`sweep ${a!.toFixed(1)} s, queue ${b!.toFixed(1)} s, ratio ${(b! / a!).toFixed(3)} (load ${load})`);
  }
} finally {
  for (const worker of crew) worker.kill('SIGTERM');
  await Promise.all(crew.map(worker => worker.exitCode ?? once(worker, 'exit')));
  rmSync(scratch, { recursive: true, force: true });
}
const sorted = ratios.toSorted((a, b) => a - b);
const [least, median, most] = [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!];
console.log(`queue / sweep: ${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)}), ${rounds} rounds`);
