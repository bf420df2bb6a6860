import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fitCost, secondsOf } from '../../src/plan/timing.ts';

const close = (found: number, expected: number, tolerance = 1e-6) =>
  assert.ok(Math.abs(found - expected) <= tolerance * Math.abs(expected), `${found} against ${expected}`);

describe('the cost of a call', () => {
  it('is the line through timings that lie on one', () => {
    const positive = fc.double({ min: 1e-3, max: 10, noNaN: true });
    fc.assert(
      fc.property(positive, positive, (overhead, rate) => {
        const timings = [1e9, 5e9, 2e10].map(flops => ({ flops, seconds: overhead + flops / (rate * 1e9) }));
        const model = fitCost(timings);
        for (const { flops, seconds } of timings) close(secondsOf(model, flops), seconds, 1e-4);
      }),
    );
  });

  it('is a rate alone after one timing', () => {
    const model = fitCost([{ flops: 4e9, seconds: 2 }]);
    close(secondsOf(model, 8e9), 4);
  });

  it('is never below nothing', () => {
    for (const seconds of [
      [1, 5],
      [5, 1],
    ]) {
      const model = fitCost(seconds.map((each, i) => ({ flops: 1e9 * (1 + i), seconds: each })));
      assert.ok(model.overhead >= 0 && model.rate > 0);
      assert.ok(secondsOf(model, 0) >= 0);
    }
  });
});
