import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../config/settings.ts';
import { type DeviceName, deviceNames } from '../runtime/device.ts';
import { cannotStart } from '../runtime/session.ts';

/**
 * How much faster than the CPU's another device's matrix product must be for `auto` to choose it: a step is a thousand
 * small operations beside its products, which gain less, and each waits for a launch.
 */
const WORTH = 2;

/** How a device is chosen. */
export interface DeviceChoiceOptions {
  /** Told what was chosen, and why. */
  readonly tell?: ((text: string) => void) | undefined;
  /** Measures a device (default: in a process of its own, which takes about a second). */
  readonly probe?: (name: DeviceName) => Promise<DeviceReport>;
}

/**
 * The device to compute on: the one that is named, if it computes, or by `auto` the fastest there is. A GPU that
 * software imitates computes too, far slower than the CPU, and so is never chosen. The CPU, which is the default, is
 * not measured.
 *
 * @throws InputError where the device that is named cannot start
 */
export async function chooseDevice(
  asked: Settings['device'] = 'cpu',
  { tell, probe: measure = probe }: DeviceChoiceOptions = {},
): Promise<DeviceName> {
  if (asked === 'cpu') return asked;
  if (asked !== 'auto') {
    const report = await measure(asked);
    if (report.gflops === null) throw cannotStart(asked, new Error(report.reason));
    tell?.(`computing on ${asked}: ${rateText(report.gflops)} on a matrix product`);
    return asked;
  }
  const others = deviceNames.filter(name => name !== 'cpu');
  const started = (await Promise.all(others.map(measure))).filter(({ available }) => available);
  if (started.length === 0) {
    tell?.(`computing on cpu: ${others.join(' and ')} do not start here (\`s3delta doctor\` says why)`);
    return 'cpu';
  }
  // By itself, so that no other probe takes its cores.
  const cpu = await measure('cpu');
  const fastest = started.reduce((best, next) => (next.gflops! > best.gflops! ? next : best));
  const chosen = fastest.gflops! >= WORTH * (cpu.gflops ?? 0) ? fastest : cpu;
  const rates = [cpu, ...started].flatMap(({ name, gflops }) => (gflops === null ? [] : `${name} ${rateText(gflops)}`));
  tell?.(`computing on ${chosen.name}: ${rates.join(', ')} on a matrix product`);
  return chosen.name;
}

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
