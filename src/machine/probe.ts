import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeviceName } from '../runtime/device.ts';

/** What a device computes at, or why it does not. */
export interface DeviceReport {
  readonly name: DeviceName;
  readonly available: boolean;
  /** Rate of a matrix product in GFLOP/s (10⁹ operations a second); null where the device does not compute. */
  readonly gflops: number | null;
  readonly reason?: string;
}

/** `130 GFLOP/s`, and of what is far below one GFLOP/s still something. */
export const rateText = (gflops: number): string => `${Number(gflops.toPrecision(2))} GFLOP/s`;

const PATIENCE_MILLISECONDS = 60_000;
/** In the folder beside this one, `.ts` in the sources and `.js` where they are built. */
const child = fileURLToPath(new URL(`../runtime/probe-child${extname(import.meta.url)}`, import.meta.url));

type Answer = { readonly rate: number } | { readonly error: string };

/** Multiplies matrices on a device, in a process of its own. */
export function probe(name: DeviceName): Promise<DeviceReport> {
  const running = fork(child, { stdio: 'ignore', timeout: PATIENCE_MILLISECONDS });
  running.send(name);
  return new Promise(resolve => {
    const fail = (reason: string) => resolve({ name, available: false, gflops: null, reason });
    running.once('message', (answer: Answer) => {
      if ('rate' in answer) resolve({ name, available: true, gflops: answer.rate / 1e9 });
      else fail(answer.error);
    });
    running.once('error', error => fail(error.message));
    // After an answer this says nothing new, and a promise keeps its first.
    running.once('exit', (code, signal) => fail(`the probe ended with ${signal ?? code}`));
  });
}
