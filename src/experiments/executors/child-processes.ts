import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InterruptedError, StorageError, stoppedBy } from '../../core/errors.ts';
import type { JobEvent } from '../../jobs/job-events.ts';
import type { RunResult } from '../../runs/result.ts';
import type { Cell } from '../cell.ts';
import { secretVariables } from '../queue/database.ts';
import { RunError, type Runner } from './executor.ts';

/** The worker's program, built or not. */
const program = fileURLToPath(new URL(`./worker${extname(fileURLToPath(import.meta.url))}`, import.meta.url));

/** Words of Node, of C++ and of ONNX Runtime for memory that is refused. */
const refusals = /out of memory|bad_alloc|failed to allocate/i;

function endInWords(code: number | null, killedBy: NodeJS.Signals | null, complaints: string): string {
  const ended = `its process ended with ${killedBy ?? `exit code ${code}`}`;
  if (!refusals.test(complaints) && killedBy !== 'SIGKILL') return `${ended}\n${complaints}`.trim();
  const why = killedBy === 'SIGKILL' ? 'perhaps the system has killed it for its memory' : 'it was refused memory';
  return `${ended}: ${why} → give it more, fewer --processes, or --micro-batch 1; the same command goes on`;
}

/**
 * Does runs in a child process, which is started for the first of them and serves the others too; one that dies is
 * replaced for the next run.
 */
export function inChild(): Runner {
  let child: ChildProcess | undefined;
  let complaints = '';

  function start(): ChildProcess {
    // In a group of its own: Ctrl-C on the terminal reaches the parent alone, which asks its children to stop.
    const started = fork(program, {
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Code of plugins runs there.
      env: { ...process.env, ...Object.fromEntries(secretVariables.map(name => [name, undefined])) },
    });
    // Read throughout: a pipe that nobody reads would keep the child from closing.
    started.stderr!.on('data', (text: Buffer) => {
      complaints = `${complaints}${text}`.slice(-2000);
    });
    started.once('exit', () => {
      if (child === started) child = undefined;
    });
    return started;
  }

  const run: Runner['run'] = (cell, { onEvent, signal }) =>
    new Promise<RunResult>((resolve, reject) => {
      child ??= start();
      const worker = child;
      const say = (message: ToWorker) => worker.connected && worker.send(message);
      complaints = '';
      const stop = () => {
        const by = stoppedBy(signal);
        say({ type: 'stop', ...(by !== undefined && { by }) });
      };
      const settle = (end: () => void) => {
        worker.off('message', onMessage).off('exit', onExit).off('error', onError);
        signal?.removeEventListener('abort', stop);
        end();
      };
      const onError = (error: Error) => settle(() => reject(error));
      const onExit = (code: number | null, killedBy: NodeJS.Signals | null) =>
        settle(() => reject(new RunError(endInWords(code, killedBy, complaints))));
      const onMessage = (message: FromWorker) => {
        if (message.type === 'event') onEvent?.(message.event);
        else if (message.type === 'done') settle(() => resolve(message.result));
        else if (message.type === 'interrupted') settle(() => reject(new InterruptedError(message.message)));
        else if (message.type === 'not-written') settle(() => reject(new StorageError(message.what, message)));
        else settle(() => reject(new RunError(message.message)));
      };
      worker.on('message', onMessage).on('exit', onExit).on('error', onError);
      signal?.addEventListener('abort', stop);
      say({ type: 'run', cell });
      if (signal?.aborted) stop();
    });

  async function close(): Promise<void> {
    const worker = child;
    if (worker === undefined) return;
    const ended = new Promise(resolve => worker.once('exit', resolve));
    worker.disconnect();
    await ended;
  }

  return { run, close };
}

/** What the parent says to a worker. A worker ends when its parent closes the channel. */
export type ToWorker = { readonly type: 'run'; readonly cell: Cell } | { readonly type: 'stop'; readonly by?: string };

/** What a worker says: what its run tells, and how it ended. */
type FromWorker =
  | { readonly type: 'event'; readonly event: JobEvent }
  | { readonly type: 'done'; readonly result: RunResult }
  | { readonly type: 'interrupted'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string }
  /** The machine has refused to write: a StorageError. */
  | {
      readonly type: 'not-written';
      readonly what: string;
      readonly where: string;
      readonly remedy: string;
      readonly code: string;
    };

/** A worker's line to its parent. */
export interface Channel {
  send(message: FromWorker): void;
  onMessage(listener: (message: ToWorker) => void): void;
  /** The parent has closed the line, or is no more. */
  onClose(listener: () => void): void;
}
