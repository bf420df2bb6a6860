import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startPeakMemory, startSampling } from '../../src/runs/stage-memory.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const size = 150e6;

/** Touches memory outside the JavaScript heap for a while, and gives it back to the system. */
async function useMemory(): Promise<void> {
  let block: Buffer | undefined = Buffer.alloc(size, 1);
  await setTimeout(150);
  assert.equal(block[size - 1], 1);
  block = undefined;
  await setTimeout(10);
  collectGarbage();
  await setTimeout(50);
}

for (const [name, start] of [
  ['the measurement of this system', startPeakMemory],
  ['sampling', startSampling],
] as const) {
  test(`${name} sees what was used in between, and begins anew each time`, async () => {
    collectGarbage();
    const memory = start();
    await useMemory();
    assert.ok(memory.soFar() >= size);
    const peak = memory.stop();
    assert.ok(peak >= size, `${peak}`);

    const idle = start().stop();
    assert.ok(peak - idle > size / 2, `a peak of ${peak} over ${idle} at rest`);
  });
}
