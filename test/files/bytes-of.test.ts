import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/files/safetensors-arrays.ts';

test('the bytes of a part of an array are its own alone, the lowest first', () => {
  const part = Float32Array.of(7, 1, -2, 7).subarray(1, 3);
  assert.deepEqual([...bytesOf(part)], [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
  assert.deepEqual([...bytesOf(Int8Array.of(-1, 2))], [255, 2]);
});
