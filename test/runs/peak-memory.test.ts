import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startPeakMemory, startSampling } from '../../src/runs/peak-memory.ts';

const size = 120e6;

/** Allocates and touches memory outside the JavaScript heap, and lets go of it. */
async function useMemory(): Promise<void> {
  const block = Buffer.alloc(size, 1);
  await setTimeout(120);
  assert.equal(block[size - 1], 1);
}

for (const [name, start] of [
  ['the measurement of this system', startPeakMemory],
  ['sampling', startSampling],
] as const) {
  test(`${name} sees what was used in between, not only what is left`, async () => {
    const before = process.memoryUsage.rss();
    const memory = start();
    await useMemory();
    assert.ok(memory.stop() >= before + 0.9 * size, `${before}`);
  });
}

test('a measurement begins anew: what was used before it does not count', {
  skip: process.platform !== 'linux',
}, async () => {
  const whole = startPeakMemory();
  await useMemory();
  const withBlock = whole.stop();
  globalThis.gc?.();
  const after = startPeakMemory();
  assert.ok(after.stop() <= withBlock);
});
