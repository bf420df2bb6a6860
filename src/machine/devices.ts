import { devices } from '../runtime/device.ts';
import { type Check, failed, missing, ok } from './health-check.ts';
import { type DeviceReport, rateText } from './probe.ts';

/** The CPU is needed; the others are extras. */
export function checkDevice({ name, gflops, reason }: DeviceReport): Check {
  const title = `device ${name}`;
  if (gflops !== null) return ok(title, `${rateText(gflops)} on a matrix product`);
  return (name === 'cpu' ? failed : missing)(title, `does not compute: ${reason}`, devices[name].remedy);
}
