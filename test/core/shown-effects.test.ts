import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillUniform } from '../../src/core/random.ts';
import { shownDifference, shownEffect } from '../../src/core/shown-effects.ts';
import { normalQuantile, signFlipTest } from '../../src/core/statistics.ts';

/** Share of samples of normal differences in which the test sees an effect. */
function shareShown(effect: number, pairs: number, samples: number): number {
  const draws = fillUniform(new Float32Array(pairs * samples), 0, 'test/shown-effects', pairs);
  const values = Array.from(draws, draw => effect + normalQuantile(Math.min(0.999999, Math.max(1e-6, draw))));
  const shown = Array.from({ length: samples }, (_, i) => signFlipTest(values.slice(i * pairs, (i + 1) * pairs))!);
  return shown.filter(({ p }) => p <= 0.05).length / samples;
}

test('so many pairs show the effect that is said of them four times in five', () => {
  for (const [pairs, samples] of [
    [6, 2000],
    [8, 2000],
    [12, 300],
    [14, 150],
  ] as const) {
    const share = shareShown(shownEffect(pairs), pairs, samples);
    // Three standard errors.
    assert.ok(Math.abs(share - 0.8) < 3 * Math.sqrt(0.16 / samples), `${pairs} pairs: ${share}`);
  }
});

test('six pairs show what all of them have in common, fewer show nothing, more show less', () => {
  assert.ok(Math.abs(shownEffect(6) - normalQuantile(0.8 ** (1 / 6))) < 0.01);
  assert.equal(shownEffect(5), Number.POSITIVE_INFINITY);
  for (let pairs = 6; pairs < 64; pairs++) assert.ok(shownEffect(pairs + 1) < shownEffect(pairs), `${pairs} pairs`);
});

test('a difference has the noise of two trainings', () => {
  assert.ok(Math.abs(shownDifference(3, 8) - 3 * Math.SQRT2 * shownEffect(8)) < 1e-12);
});
