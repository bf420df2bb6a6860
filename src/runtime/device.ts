import type { Lowerings } from '../graph/lower.ts';
import { webgpuLowerings } from '../graph/lowerings/webgpu.ts';

/** Where ONNX Runtime can compute, by the names of its providers. */
export const deviceNames = ['cpu', 'webgpu', 'cuda'] as const;
export type DeviceName = (typeof deviceNames)[number];

/** All that the project knows of one device. */
export interface Device {
  /** What to write otherwise for it: what it has no kernel for would run on the CPU without a word. */
  readonly lowerings?: Lowerings;
  /** Whether an output of one session can stay in its memory until another session reads it. */
  readonly keepsOutputs: boolean;
  /** Whether it closes with the last session, and forgets the kernels it has compiled. */
  readonly forgets: boolean;
  /** What it needs, and what to do where it is not there. */
  readonly remedy: string;
}

export const devices: Readonly<Record<DeviceName, Device>> = {
  cpu: {
    keepsOutputs: false,
    forgets: false,
    remedy: 'install onnxruntime-node anew: npm install onnxruntime-node',
  },
  webgpu: {
    lowerings: webgpuLowerings,
    keepsOutputs: true,
    forgets: true,
    remedy: 'it needs a GPU with a Vulkan, Metal or Direct3D 12 driver; without one use --device cpu',
  },
  cuda: {
    keepsOutputs: false,
    forgets: false,
    remedy:
      'it needs x64 Linux, an NVIDIA card, CUDA 12, cuDNN 9 and the files that `node ' +
      'node_modules/onnxruntime-node/script/install.js` ' +
      'fetches; without them use --device cpu',
  },
};
