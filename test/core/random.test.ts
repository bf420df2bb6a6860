import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { fillNormal, fillUniform, permutation, streamKey } from '../../src/core/random.ts';

const count = 20_000;

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

test('a stream name is hashed by 64-bit FNV-1a (its published answers)', () => {
  assert.deepEqual(streamKey(''), [0x84222325, 0xcbf29ce4]);
  assert.deepEqual(streamKey('a'), [0x8601ec8c, 0xaf63dc4c]);
  assert.deepEqual(streamKey('foobar'), [0xf73967e8, 0x85944171]);
});

test('uniforms lie strictly inside (0, 1) and have the moments and the spread of U(0, 1)', () => {
  const values = fillUniform(new Float32Array(count), 1, 'test');
  assert.ok(values.every(value => value > 0 && value < 1));
  assert.ok(Math.abs(mean(values) - 0.5) < 0.01);
  assert.ok(Math.abs(mean(values.map(value => (value - 0.5) ** 2)) - 1 / 12) < 0.003);
  const bins = new Uint32Array(20);
  for (const value of values) bins[Math.floor(value * 20)]!++;
  const chiSquare = bins.reduce((sum, seen) => sum + (seen - count / 20) ** 2 / (count / 20), 0);
  assert.ok(chiSquare < 43.8, `chi-square with 19 degrees of freedom: ${chiSquare}`);
});

test('normals have the moments of N(0, 1), and neighbours are uncorrelated', () => {
  const values = fillNormal(new Float64Array(count), 2, 'test');
  assert.ok(Math.abs(mean(values)) < 0.03);
  assert.ok(Math.abs(mean(values.map(value => value ** 2)) - 1) < 0.04);
  assert.ok(Math.abs(mean(values.map(value => value ** 4)) - 3) < 0.3);
  assert.ok(Math.abs(mean(values.map((value, i) => value * (values[i + 1] ?? 0)))) < 0.03);
});

test('a draw depends on seed, stream and step, and on nothing else', () => {
  const draw = (seed: number, stream: string, step: number) =>
    Array.from(fillUniform(new Float64Array(3), seed, stream, step));
  assert.deepEqual(draw(1, 'a', 5), draw(1, 'a', 5));
  const others = [draw(2, 'a', 5), draw(1, 'b', 5), draw(1, 'a', 6), draw(1 + 2 ** 32, 'a', 5)];
  for (const other of others) assert.notDeepEqual(other, draw(1, 'a', 5));
});

test('a shorter array is the beginning of a longer one, whatever its type', () => {
  for (const fill of [fillUniform, fillNormal]) {
    const long = fill(new Float64Array(11), 3, 'prefix');
    for (let length = 0; length < 11; length++) {
      assert.deepEqual(fill(new Float64Array(length), 3, 'prefix'), long.slice(0, length));
      assert.deepEqual(fill(new Float32Array(length), 3, 'prefix'), Float32Array.from(long.slice(0, length)));
    }
  }
});

test('a permutation holds every index once; all orders come equally often', () => {
  assert.deepEqual(
    Array.from(permutation(100, 1, 'order')).sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
  assert.deepEqual(permutation(0, 1, 'order'), new Uint32Array(0));
  const seen = new Map<string, number>();
  for (let seed = 0; seed < 6000; seed++) {
    const order = permutation(3, seed, 'order').join('');
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  assert.equal(seen.size, 6);
  const chiSquare = [...seen.values()].reduce((sum, times) => sum + (times - 1000) ** 2 / 1000, 0);
  assert.ok(chiSquare < 20.5, `chi-square with 5 degrees of freedom: ${chiSquare}`);
});

test('a seed that is no whole number is the user’s mistake', () => {
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => permutation(2, seed, 'a'), InputError);
});
