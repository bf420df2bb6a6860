import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { widen } from '../../src/files/safetensors-arrays.ts';

const halves = (...bits: number[]) => new Uint8Array(Uint16Array.from(bits).buffer);

test('binary16: ones, the largest, the smallest of both kinds, zeros, infinities, no number', () => {
  const values = widen(
    halves(0x3c00, 0xbc00, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x0000, 0x8000, 0x7c00, 0xfc00),
    'float16',
  );
  const { POSITIVE_INFINITY, NEGATIVE_INFINITY } = Number;
  assert.deepEqual(
    [...values],
    [1, -1, 65504, 2 ** -14, 2 ** -24, 2 ** -14 - 2 ** -24, 0, -0, POSITIVE_INFINITY, NEGATIVE_INFINITY],
  );
  assert.ok(Number.isNaN(widen(halves(0x7e00), 'float16')[0]));
});

test('binary16 grows with its bits, and its sign is its first', () => {
  const all = widen(new Uint8Array(Uint16Array.from({ length: 0x7c01 }, (_, bits) => bits).buffer), 'float16');
  for (let bits = 1; bits < all.length; bits++) assert.ok(all[bits]! > all[bits - 1]!, `${bits}`);
  const negative = widen(
    new Uint8Array(Uint16Array.from({ length: 0x7c01 }, (_, bits) => 0x8000 | bits).buffer),
    'float16',
  );
  assert.deepEqual(
    negative,
    all.map(value => -value),
  );
});

test('bfloat16 is a float32 without its lower half, float32 itself', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), value => {
      const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
      const [cut] = new Float32Array(Uint32Array.of((bits & 0xffff0000) >>> 0).buffer);
      assert.deepEqual(widen(halves(bits >>> 16), 'bfloat16'), Float32Array.of(cut!));
      assert.deepEqual(widen(new Uint8Array(Float32Array.of(value).buffer), 'float32'), Float32Array.of(value));
    }),
  );
});
