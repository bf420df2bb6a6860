import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { chunks } from '../../src/data/batches.ts';

async function collect<T>(groups: AsyncIterable<T[]>): Promise<T[][]> {
  const found: T[][] = [];
  for await (const group of groups) found.push(group);
  return found;
}

test('the groups hold every element once, in order, and all but the last are full', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), async (elements, size) => {
      async function* stream() {
        yield* elements;
      }
      // Patient, so that a slow machine does not split a group.
      for (const source of [elements, stream()]) {
        const groups = await collect(chunks(source, size, 10_000));
        assert.deepEqual(groups.flat(), elements);
        for (const group of groups.slice(0, -1)) assert.equal(group.length, size);
        assert.equal(groups.length, Math.ceil(elements.length / size));
      }
    }),
  );
});

test('a source that pauses is not waited for', async () => {
  let go = () => {};
  const asked = new Promise<void>(resolve => {
    go = resolve;
  });
  async function* typed() {
    yield 'first';
    yield 'second';
    await asked;
    yield 'third';
  }
  const groups = chunks(typed(), 100, 5);
  assert.deepEqual((await groups.next()).value, ['first', 'second']);
  go();
  assert.deepEqual((await groups.next()).value, ['third']);
  assert.equal((await groups.next()).done, true);
});

test('an error of the source comes after what was read before it, and is not unhandled while that is at work', async () => {
  async function* failing() {
    yield 1;
    yield 2;
    throw new Error('no more');
  }
  const groups = chunks(failing(), 2);
  assert.deepEqual((await groups.next()).value, [1, 2]);
  await setTimeout(20);
  await assert.rejects(groups.next(), /no more/);
});

test('leaving early closes the source', async () => {
  let closed = false;
  async function* endless() {
    try {
      for (;;) yield 0;
    } finally {
      closed = true;
    }
  }
  for await (const _ of chunks(endless(), 3)) break;
  await setTimeout(1);
  assert.ok(closed);
});
