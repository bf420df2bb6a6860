import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeviceName } from '../../runtime/probe-device.ts';
import { type Check, failed, missing, ok } from './check.ts';

/** What a device computes at, or why it does not. */
export interface DeviceReport {
  readonly name: DeviceName;
  readonly available: boolean;
  /** Rate of a matrix product in GFLOP/s (10⁹ operations a second); null where the device does not compute. */
  readonly gflops: number | null;
  readonly reason?: string;
}

const REMEDIES: Readonly<Record<DeviceName, string>> = {
  cpu: 'install onnxruntime-node anew: npm install onnxruntime-node',
  webgpu: 'it needs a GPU with a Vulkan, Metal or Direct3D 12 driver; without one use --device cpu',
  cuda: 'it needs an NVIDIA card, CUDA 12 and cuDNN 9, then npm rebuild onnxruntime-node; without them use --device cpu',
};

const PATIENCE_MILLISECONDS = 60_000;
/** Beside this file's folder, `.ts` in the sources and `.js` where they are built. */
const child = fileURLToPath(new URL(`../../runtime/probe-child${extname(import.meta.url)}`, import.meta.url));

type Answer = { readonly rate: number } | { readonly error: string };

/** Multiplies matrices on a device, in a process of its own. */
export function probe(name: DeviceName): Promise<DeviceReport> {
  const running = fork(child, { stdio: 'ignore', timeout: PATIENCE_MILLISECONDS });
  running.send(name);
  return new Promise(resolve => {
    const fail = (reason: string) => resolve({ name, available: false, gflops: null, reason });
    running.once('message', (answer: Answer) => {
      if ('rate' in answer) resolve({ name, available: true, gflops: answer.rate / 1e9 });
      else fail(reasonOf(answer.error));
    });
    running.once('error', error => fail(reasonOf(error.message)));
    // After an answer this says nothing new, and a promise keeps its first.
    running.once('exit', (code, signal) => fail(`the probe ended with ${signal ?? code}`));
  });
}

/** The sentence of an error for people, without the source line of ONNX Runtime before it. */
function reasonOf(message: string): string {
  return message
    .split('\n')[0]!
    .replace(/^.* was false\. /, '')
    .trim();
}

/** The CPU is needed; the others are extras. */
export function checkDevice({ name, gflops, reason }: DeviceReport): Check {
  const title = `device ${name}`;
  if (gflops !== null) return ok(title, `${Math.round(gflops)} GFLOP/s on a matrix product`);
  return (name === 'cpu' ? failed : missing)(title, `does not compute: ${reason}`, REMEDIES[name]);
}
