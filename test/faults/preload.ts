/**
 * Loaded before the program (`--import`): lets the disk fail, or the process die, at one chosen point. The points are
 * counted over all calls that change the disk: one before each, and one in the middle of each write and of each removal
 * of a folder.
 *
 *   S3DELTA_FAULT=kill@37   SIGKILL at the 37th point
 *   S3DELTA_FAULT=full@37   from the 37th point on the disk is full
 *   S3DELTA_FAULT=count@0   nothing; the number of points is written to the file that S3DELTA_FAULT_COUNT names
 */
import fs from 'node:fs';
import fsPromises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

type Call = (this: FileHandle, ...args: unknown[]) => unknown;
type Functions = Record<string, Call>;

const [fault, place] = process.env.S3DELTA_FAULT!.split('@');
const chosen = Number(place);
let point = 0;

/** One point: nothing happens at most of them. `half` leaves behind what a call broken off in the middle leaves. */
function pass(syscall: string, half = () => {}): void {
  point += 1;
  if (fault === 'kill' && point === chosen) {
    half();
    process.kill(process.pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  // Removing files and giving them other names takes no room.
  if (fault === 'full' && point >= chosen && !['rm', 'rename'].includes(syscall)) {
    half();
    const error = new Error(`ENOSPC: no space left on device, ${syscall}`);
    throw Object.assign(error, { code: 'ENOSPC', errno: -28, syscall });
  }
}

function wrap(holder: object, name: string, half?: (self: FileHandle, args: readonly unknown[]) => void): void {
  const functions = holder as Functions;
  const original = functions[name]!;
  const before = (self: FileHandle, args: readonly unknown[]) => {
    pass(name);
    if (half) pass(name, () => half(self, args));
  };
  functions[name] = /Sync$/.test(name)
    ? function (...args) {
        before(this, args);
        return original.apply(this, args);
      }
    : async function (...args) {
        before(this, args);
        return original.apply(this, args);
      };
}

function writeHalf(fd: number, data: unknown): void {
  const bytes = Buffer.from(data as Uint8Array);
  fs.writeSync(fd, bytes.subarray(0, bytes.length >> 1));
}

function removeOneFile(folder: string): void {
  // A single file is gone whole or not at all.
  const [first] = fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? fs.readdirSync(folder) : [];
  if (first !== undefined) fs.unlinkSync(join(folder, first));
}

const handle = await fsPromises.open(process.execPath, 'r');
const handles = Object.getPrototypeOf(handle) as object;
await handle.close();

wrap(handles, 'writeFile', (self, [data]) => writeHalf(self.fd, data));
wrap(handles, 'write');
wrap(handles, 'sync');
for (const name of ['rename', 'link', 'copyFile', 'mkdir']) wrap(fsPromises, name);
wrap(fsPromises, 'rm', (_, [path, options]) => {
  if ((options as { recursive?: boolean } | undefined)?.recursive) removeOneFile(path as string);
});
wrap(fs, 'appendFileSync', (_, [fd, data]) => writeHalf(fd as number, data));
wrap(fs, 'fsyncSync');
syncBuiltinESMExports();

if (fault === 'count') process.on('exit', () => fs.writeFileSync(process.env.S3DELTA_FAULT_COUNT!, String(point)));
