import type { Settings } from '../config/settings.ts';
import { type DeviceName, deviceNames } from '../runtime/device.ts';
import { cannotStart } from '../runtime/session.ts';
import { type DeviceReport, probe, rateText } from './probe.ts';

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
