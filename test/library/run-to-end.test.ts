import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runToEnd } from '../../src/library/run-to-end.ts';

async function* stage(closed: () => void = () => {}) {
  try {
    yield 1;
    yield 2;
    return 'result';
  } finally {
    closed();
  }
}

test('every event is told in its order, and the result returned', async () => {
  const told: number[] = [];
  assert.equal(await runToEnd(stage(), event => told.push(event)), 'result');
  assert.deepEqual(told, [1, 2]);
  assert.equal(await runToEnd(stage()), 'result');
});

test('what a stage throws comes through, after the events before it', async () => {
  async function* failing() {
    yield 1;
    throw new Error('broken');
  }
  const told: number[] = [];
  await assert.rejects(
    runToEnd(failing(), event => told.push(event)),
    /broken/,
  );
  assert.deepEqual(told, [1]);
});

test('a listener that throws ends the stage, which cleans up', async () => {
  let closed = false;
  const events = stage(() => {
    closed = true;
  });
  const listener = () => {
    throw new Error('listener');
  };
  await assert.rejects(runToEnd(events, listener), /listener/);
  assert.equal(closed, true);
});
