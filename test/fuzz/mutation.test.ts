import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mutate, mutations } from './mutation.ts';

test('the same changes give the same file, whatever the file, and leave the original alone', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), mutations, (original, changes) => {
      const before = original.slice();
      assert.deepEqual(mutate(original, changes), mutate(original, changes));
      assert.deepEqual(original, before);
    }),
    { seed: 1 },
  );
});

test('almost every mutation changes the file', () => {
  const original = Buffer.from('{"name": [1, 2.5], "list": "a b c"}\n'.repeat(4));
  const changed = fc
    .sample(mutations, { seed: 1, numRuns: 500 })
    .filter(each => !mutate(original, each).equals(original));
  assert.ok(changed.length > 450, `${changed.length} of 500`);
});
