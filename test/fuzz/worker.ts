import { writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import { InputError } from '../../src/core/errors.ts';
import { mutate, mutations } from './mutation.ts';
import { subjects } from './subjects.ts';

/** Works through one subject's cases and tells each before it begins, so that one that never ends can be named. */
const { name, runs, seed } = workerData as { name: string; runs: number; seed: number };
const subject = await subjects[name]!();
const { originals, file } = subject;
const largestBuffers = 256e6;
let accepted = 0;
let refused = 0;

/** Whether a file as it should be is read: a subject that refuses everything would test nothing. */
for (const original of originals) {
  writeFileSync(file, original);
  await subject.read();
}

const property = fc.asyncProperty(fc.nat(originals.length - 1), mutations, async (index, changes) => {
  parentPort!.postMessage({ index, changes });
  writeFileSync(file, mutate(originals[index]!, changes));
  try {
    await subject.read();
    accepted += 1;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const place = error.where ?? '';
    const isNamed = place.includes(basename(file)) || place.includes(dirname(file));
    if (!isNamed) throw new Error(`the error names no place: ${error.message}`, { cause: error });
    refused += 1;
  }
  const { arrayBuffers } = process.memoryUsage();
  if (arrayBuffers > largestBuffers) throw new Error(`${arrayBuffers} bytes of buffers`);
});
await fc.assert(property, { numRuns: runs, seed, includeErrorInReport: true });
parentPort!.postMessage({ accepted, refused, lenient: subject.lenient === true });
