import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planSearchSteps } from '../../bench/cost/counted.ts';
import { T5_SHAPES, type T5Size } from '../../bench/random-t5.ts';
import { type DeltaModule, weightShape } from '../../src/core/site.ts';
import { layoutOf } from '../../src/deltas/layout.ts';
import type { Weight } from '../../src/models/read-weight.ts';
import { parseT5Config, t5Sites } from '../../src/models/t5/t5-checkpoint.ts';
import { programGraphs } from '../../src/models/t5/t5-graphs.ts';

const GIGABYTE = 1e9;
/** Node.js with tokenizer and data. */
const PROCESS = 0.26 * GIGABYTE;

/** As much of a T5 as a plan needs: no weight is read, so they lie one after the other in a file that there is not. */
function unloaded(size: T5Size) {
  const config = parseT5Config({ vocab_size: 32128, ...T5_SHAPES[size] }, size);
  const sites = t5Sites(config);
  const weights = new Map<string, Weight>();
  let offset = 0;
  for (const site of sites) {
    if (site.host === 'block' || site.weightIsShared) continue;
    const shape = weightShape(site);
    const byteLength = 4 * shape.reduce((product, extent) => product * extent, 1);
    const place = { file: `${size}.safetensors`, offset, byteLength };
    weights.set(site.name, { name: `${site.name}.weight`, shape, dtype: 'float32', ...place });
    offset += byteLength;
  }
  const graphs = (modules: readonly DeltaModule[], { recompute = false } = {}) =>
    programGraphs({ config, weights, layout: layoutOf(modules), recompute });
  return { sites, graphs };
}

describe('second-order search steps over the mixed space, 16 × 128 tokens, as planned', () => {
  for (const [size, limit, least] of [
    ['t5-base', 4, 1.8],
    ['t5-large', 12, 5],
  ] as const) {
    const plan = (levers = {}) => planSearchSteps(unloaded(size), 'second', levers, PROCESS)(16, 128) / GIGABYTE;

    it(`take less than ${limit} GB on ${size}, whose weights alone fill much of it`, () => {
      const planned = plan();
      assert.ok(planned > least && planned < limit, `${planned} GB`);
    });

    it(`take less than half of that on ${size} with all levers`, () => {
      const planned = plan({ microBatch: 4, prepack: false, recompute: true });
      assert.ok(planned < limit / 2, `${planned} GB`);
    });
  }

  it('take no more for more rows than run together', () => {
    const plan = planSearchSteps(unloaded('t5-base'), 'second', {}, PROCESS);
    assert.ok(plan(64, 128) < 1.01 * plan(8, 128));
    assert.ok(plan(4, 128) < 0.95 * plan(8, 128));
  });
});
