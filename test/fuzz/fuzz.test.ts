import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { subjects } from './subjects.ts';

// Mutated files of every kind: each is read, or refused by an InputError that names it. More of them, or others:
// S3DELTA_FUZZ_RUNS (cases a subject), S3DELTA_FUZZ_SEED, S3DELTA_FUZZ_SUBJECT.
const names = Object.keys(subjects).filter(name => (process.env.S3DELTA_FUZZ_SUBJECT ?? name) === name);
const runs = Number(process.env.S3DELTA_FUZZ_RUNS ?? Math.ceil(10_000 / Object.keys(subjects).length));
const seed = Number(process.env.S3DELTA_FUZZ_SEED ?? 1);
const caseMilliseconds = 10_000;

/** In a thread of its own, with a bound on its memory, and stopped where one case takes too long. */
function fuzz(name: string): Promise<{ accepted: number; refused: number; lenient: boolean }> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { name, runs, seed },
    resourceLimits: { maxOldGenerationSizeMb: 400 },
  });
  return new Promise((resolve, reject) => {
    let current: unknown = 'the original';
    const stuck = () => {
      void worker.terminate();
      reject(new Error(`no end after ${caseMilliseconds} ms: ${JSON.stringify(current)}`));
    };
    let timer = setTimeout(stuck, 60_000);
    worker.on('message', message => {
      clearTimeout(timer);
      current = message;
      if ('accepted' in message) resolve(message);
      else timer = setTimeout(stuck, caseMilliseconds);
    });
    worker.on('error', error => {
      clearTimeout(timer);
      reject(new Error(`${error.message}\nat ${JSON.stringify(current)}`, { cause: error }));
    });
  });
}

for (const name of names) {
  test(`mutated, ${name} is read or refused by name`, async t => {
    const { accepted, refused, lenient } = await fuzz(name);
    t.diagnostic(`${accepted} accepted, ${refused} refused`);
    assert.ok(accepted > 0 && refused > 0 === !lenient);
    assert.ok(accepted + refused >= runs);
  });
}
