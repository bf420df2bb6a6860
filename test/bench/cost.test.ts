import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { axes, basePoint, spread } from '../../bench/cost/axes.ts';
import { countPoint, planSearchSteps } from '../../bench/cost/counted.ts';
import { type MeasuredPoint, pictures } from '../../bench/cost/pictures.ts';
import { straightLine } from '../../bench/cost/straight-line.ts';
import { loadModel } from '../../src/models/load-model.ts';

const model = await loadModel('test/fixtures/tiny-t5');
const MEGABYTE = 1e6;

describe('the cost of a loss with gradients', () => {
  it('is measured through the base point on every axis', () => {
    for (const [axis, values] of Object.entries(axes))
      assert.ok(values.includes(basePoint[axis as keyof typeof axes]), axis);
  });

  it('spreads modules evenly, the first always among them', () => {
    assert.deepEqual(spread([0, 1, 2, 3, 4, 5, 6, 7], 1 / 4), [0, 4]);
    const share = fc.constantFrom(1 / 16, 1 / 4, 1 / 2, 3 / 4, 1);
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), share, (items, share) => {
        const kept = spread(items, share);
        assert.equal(kept[0], items[0]);
        assert.ok(Math.abs(kept.length - share * items.length) <= 1);
      }),
    );
  });

  it('finds a straight line, and how far values are from it', () => {
    const line = straightLine([1, 2, 5].map(x => ({ x, y: 3 + 2 * x })));
    for (const [found, expected] of [
      [line.intercept, 3],
      [line.slope, 2],
      [line.deviation, 0],
    ] as const)
      assert.ok(Math.abs(found - expected) < 1e-9);
    const bent = straightLine([1, 2, 3].map(x => ({ x, y: x ** 2 })));
    assert.ok(bent.deviation > 0.1);
  });

  it('counts what runs: products grow straight with the rows, bent by attention with the length', () => {
    const one = countPoint(model, basePoint);
    const bend = (axis: 'batch' | 'length') => {
      const [half, twice] = [1 / 2, 3 / 2].map(times =>
        countPoint(model, { ...basePoint, [axis]: times * basePoint[axis] }),
      );
      assert.deepEqual([half!.nodes, twice!.nodes, twice!.modules], [one.nodes, one.nodes, one.modules]);
      return half!.flops + twice!.flops - 2 * one.flops;
    };
    assert.equal(bend('batch'), 0);
    assert.ok(bend('length') > 0);
    const fewer = countPoint(model, { ...basePoint, modules: 1 / 2 });
    assert.ok(fewer.modules < one.modules && fewer.nodes < one.nodes && fewer.flops < one.flops);
  });

  it('counts the runs that a batch too large for the caches is split into', () => {
    const { tokensPerRun } = model.graphs([]);
    assert.equal(countPoint(model, { ...basePoint, batch: 2, length: tokensPerRun }).runs, 2);
    assert.equal(countPoint(model, { ...basePoint, batch: 2, length: tokensPerRun / 2 }).runs, 1);
  });

  it('plans memory: rows add to it as far as they run together', () => {
    const plan = planSearchSteps(model, 'second', {}, 0);
    assert.ok(plan(64, 64) > plan(8, 64) + MEGABYTE);
    assert.equal(planSearchSteps(model, 'second', { microBatch: 8 }, 0)(64, 64), plan(8, 64));
    assert.ok(planSearchSteps(model, 'second', { prepack: false }, 0)(8, 64) < plan(8, 64));
    assert.ok(planSearchSteps(model, 'first', {}, 0)(8, 64) < plan(8, 64));
    assert.equal(planSearchSteps(model, 'second', {}, MEGABYTE)(8, 64), plan(8, 64) + MEGABYTE);
  });

  it('is drawn against its axis: what was measured, the nearest line, what products alone would take', () => {
    const point = (x: number): MeasuredPoint => {
      return { x, seconds: x, time: x, products: x, nodes: 1, runs: 1, peakBytes: 1e6 * x };
    };
    const drawn = pictures('layers', [2, 6, 12].map(point));
    assert.deepEqual(Object.keys(drawn), ['layers-time.svg', 'layers-memory.svg']);
    for (const name of ['time, measured', 'nearest straight line', 'operations of products', 'layers 12: 12.00'])
      assert.ok(drawn['layers-time.svg']!.includes(name), name);
    assert.match(drawn['layers-memory.svg']!, /layers 6: 0.006000/);
  });
});
