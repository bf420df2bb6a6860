import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Graph } from '../../../src/graph/graph.ts';
import { rotaryFrequencies, rotaryTables, rotate } from '../../../src/models/kit/positions.ts';
import { assertWitnessed, witnessed } from '../../graph/witnessed.ts';
import { largestDifference } from '../../witness/fixtures.ts';

describe('rotary positions', () => {
  it("have Hugging Face's tables, far from the beginning too", () => {
    const positions = [0, 1, 2, 3, 4, 500, 501, 502, 503, 504];
    const { cos, sin } = rotaryTables(rotaryFrequencies(8, 10000), positions);
    assert.ok(largestDifference(cos, witnessed('rotary/cos').data) < 1e-6);
    assert.ok(largestDifference(sin, witnessed('rotary/sin').data) < 1e-6);
  });

  it("turn as Hugging Face's do, with first and second derivatives", () =>
    assertWitnessed('rotary', ([x], graph) => {
      const [cos, sin] = ['cos', 'sin'].map(name => graph.floats(witnessed(`rotary/${name}`).data, [2, 1, 5, 4]));
      return rotate(x!, { cos: cos!, sin: sin! });
    }));

  it('refuse tables of another width', () => {
    const graph = new Graph();
    const [x, table] = [graph.input('x', 'float32', [2, 4, 8]), graph.input('table', 'float32', [4, 8])];
    assert.throws(() => rotate(x, { cos: table, sin: table }), /\[2,4,8\] is not 16 long on axis 2/);
  });
});
