import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { SessionSettings } from '../src/runtime/session.ts';
import { benchFolder } from './random-t5.ts';

export interface Timing {
  readonly seconds: number;
  /** Of all threads. */
  readonly processorSeconds: number;
  readonly peakBytes: number;
}

/** A program that takes steps on command, one line of JSON a step. */
export interface Stepper {
  readonly name: string;
  readonly startSeconds: number;
  /** Peak memory after the first step, which belongs to the start; only ours say it. */
  readonly startBytes: number;
  step(): Promise<Timing>;
  stop(): void;
}

export async function startStepper(name: string, command: string, args: readonly string[]): Promise<Stepper> {
  // What is made of random weights is not to lie about in the user's cache.
  const env = { ...process.env, S3DELTA_CACHE: benchFolder };
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended before it answered`);
    const answer = JSON.parse(value) as Record<string, unknown>;
    if (answer.error) throw new Error(`${name}: ${answer.error}`);
    return answer;
  };
  const { startSeconds, peakBytes } = await next();
  return {
    name,
    startSeconds: Number(startSeconds ?? Number.NaN),
    startBytes: Number(peakBytes ?? Number.NaN),
    step: async () => {
      child.stdin.write('step\n');
      return (await next()) as unknown as Timing;
    },
    stop: () => child.stdin.end(),
  };
}

/** A scenario of ours; `rows` makes it one over the rows of a task. */
export const startScenario = (
  scenario: string,
  folder: string,
  settings: SessionSettings,
  rows?: { readonly task: string; readonly file: string },
): Promise<Stepper> =>
  startStepper(rows === undefined ? scenario : `${scenario} ${rows.task}`, process.execPath, [
    fileURLToPath(new URL('./worker.ts', import.meta.url)),
    scenario,
    folder,
    JSON.stringify(settings),
    ...(rows === undefined ? [] : [rows.file]),
  ]);

/** A peer in Python, on the same shapes. */
export const startPeer = (
  python: string,
  name: string,
  script: string,
  model: string,
  threads: number,
  ...more: string[]
): Promise<Stepper> =>
  startStepper(name, python, [
    fileURLToPath(new URL(`peers/${script}`, import.meta.url)),
    ...['--model', model, '--threads', String(threads), ...more],
  ]);
