import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { bytes } from '../core/format.ts';
import { type Check, failed, missing, ok } from './checks.ts';

export interface Resources {
  /** Memory of the machine, or what its container leaves to this process. */
  readonly memoryBytes: number;
  readonly availableBytes: number;
  /** Free disk where runs are written: in the working directory. */
  readonly diskBytes: number;
}

/** The built-in model's jobs stay below this. */
const LEAST_MEMORY = 1e9;
const LEAST_DISK = 100e6;
/** A run folder with checkpoints of a T5-base. */
const COMFORTABLE_DISK = 1e9;

/** The whole of the machine's memory, or what its container leaves to this process. */
export function machineMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}

export async function findResources(folder: string): Promise<Resources> {
  const { bavail, bsize } = await statfs(folder);
  return { memoryBytes: machineMemory(), availableBytes: process.availableMemory(), diskBytes: bavail * bsize };
}

export function checkMemory({ memoryBytes, availableBytes }: Resources): Check {
  const found = `${bytes(availableBytes)} free of ${bytes(memoryBytes)}`;
  if (availableBytes >= LEAST_MEMORY) return ok('memory', found);
  return failed(
    'memory',
    found,
    'end other programs: the built-in model needs 1 GB; `s3delta plan` says what others need',
  );
}

export function checkDisk({ diskBytes }: Resources): Check {
  const found = `${bytes(diskBytes)} free in the working directory`;
  if (diskBytes < LEAST_DISK) return failed('disk', found, 'free at least 100 MB, or work in another folder');
  if (diskBytes < COMFORTABLE_DISK) return missing('disk', found, 'free 1 GB before running large models');
  return ok('disk', found);
}
