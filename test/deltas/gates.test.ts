import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fillNormal } from '../../src/core/random.ts';
import type { HostKind, Site } from '../../src/core/site.ts';
import { attachModules } from '../../src/deltas/attach.ts';
import { gatedDelta, mixedDerivativeOf, splitGradient } from '../../src/deltas/gates.ts';
import { createModule, deltas } from '../../src/deltas/kinds.ts';
import { layoutOf } from '../../src/deltas/layout.ts';
import { Graph } from '../../src/graph/graph.ts';
import { sub } from '../../src/graph/ops/ops.ts';
import { parseT5Config, t5Sites } from '../../src/models/t5/t5-checkpoint.ts';
import { evaluate, tensor } from '../graph/reference.ts';

const sites = t5Sites(
  parseT5Config({ vocab_size: 6, d_model: 64, d_kv: 4, d_ff: 8, num_heads: 2, num_layers: 1 }, 'config.json'),
);
const draw = (length: number, stream: string) => fillNormal(new Float32Array(length), 0, stream);

/** What the modules add to their host's output on fixed inputs, in float64: host with modules minus bare host. */
function effect(site: Site, kind: string, delta: Float32Array): Float64Array {
  const layout = layoutOf([createModule(site, kind)]);
  const graph = new Graph();
  const width = site.host === 'linear' ? site.inFeatures : site.outFeatures;
  const x = graph.input('x', 'float32', [3, width]);
  const flat = graph.input('delta', 'float32', [layout.size]);
  const [bare, attached] = [attachModules(layoutOf([]), undefined), attachModules(layout, flat)];
  const weight = graph.floats(draw(site.outFeatures * width, 'weight'), [site.outFeatures, width]);
  const norm = graph.floats(draw(width, 'norm'), [width]);
  const table = graph.floats(draw(site.inFeatures * site.outFeatures, 'table'), [site.inFeatures, site.outFeatures]);
  const hosts: Record<HostKind, (attachments: typeof bare) => ReturnType<typeof sub>> = {
    linear: attachments => attachments.linear(x, { site: site.name, weight }),
    norm: attachments => attachments.norm(site.name, x, { kind: 'rms', weight: norm, epsilon: 1e-6 }),
    block: attachments => attachments.output(site.name, { site: `${site.name}.o`, weight }, x, x),
    embedding: attachments => attachments.weight(site.name, table),
  };
  const difference = sub(hosts[site.host](attached), hosts[site.host](bare));
  const values = evaluate(graph, { x: tensor([3, width], draw(3 * width, 'x')), delta: tensor([layout.size], delta) });
  return values.get(difference)!.data;
}

describe('the gated parameters of every kind', () => {
  for (const delta of Object.values(deltas)) {
    it(`are what ${delta.kind} is linear in: z · δ(w) = δ(z ⊙ w)`, () => {
      for (const site of new Map(sites.filter(delta.hosts).map(candidate => [candidate.role, candidate])).values()) {
        const layout = layoutOf([createModule(site, delta.kind)]);
        const w = draw(layout.size, 'delta').map(value => 0.3 * value);
        const whole = effect(site, delta.kind, gatedDelta(layout, w));
        const part = effect(site, delta.kind, gatedDelta(layout, w, Float32Array.of(0.25)));
        assert.ok(
          whole.some(value => Math.abs(value) > 1e-3),
          'the module must do something',
        );
        for (const [i, value] of whole.entries())
          assert.ok(Math.abs(part[i]! - 0.25 * value) < 1e-6 * Math.max(1, Math.abs(value)));
      }
    });
  }
});

const length = (vector: Float32Array) => Math.hypot(...vector);

describe('gradients through gates', () => {
  const site = sites.find(({ name }) => name.endsWith('layer.0.SelfAttention.q'))!;
  const layout = layoutOf([createModule(site, 'lora'), createModule(site, 'bitfit')]);
  const number = fc.float({ min: -2, max: 2, noNaN: true });
  const vector = fc
    .array(number, { minLength: layout.size, maxLength: layout.size })
    .map(values => Float32Array.from(values));

  it('are those of the chain rule on any function of z ⊙ w', () => {
    fc.assert(
      fc.property(vector, vector, fc.float({ min: 0, max: 1, noNaN: true }), (w, slope, z) => {
        const gates = Float32Array.of(z, 1 - z);
        const delta = slope.slice();
        const byGate = splitGradient(layout, w, gates, delta);
        // loss = ⟨slope, z ⊙ w⟩ is linear in each of z and w.
        const loss = (at: Float32Array, open: Float32Array) =>
          gatedDelta(layout, at, open).reduce((sum, value, i) => sum + value * slope[i]!, 0);
        for (const gate of [0, 1]) {
          const moved = gates.with(gate, gates[gate]! + 0.5);
          assert.ok(Math.abs((loss(w, moved) - loss(w, gates)) / 0.5 - byGate[gate]!) < 1e-3);
        }
        const along = w.reduce((sum, value, i) => sum + value * delta[i]!, 0);
        assert.ok(Math.abs(along - loss(w, gates)) < 1e-3);
      }),
    );
  });

  it('have the mixed derivative of the chain rule', () => {
    fc.assert(
      fc.property(vector, vector, vector, fc.float({ min: 0, max: 1, noNaN: true }), (w, v, slope, z) => {
        // loss = ½⟨slope, z ⊙ w⟩², whose gradient by z ⊙ w is ⟨slope, z ⊙ w⟩·slope and whose H is slope slopeᵀ.
        const inner = (x: Float32Array, at: Float32Array) => x.reduce((sum, value, i) => sum + value * at[i]!, 0);
        const along = (gates: Float32Array) =>
          inner(slope, gatedDelta(layout, w, gates)) * inner(slope, gatedDelta(layout, v, gates));
        const gates = Float32Array.of(z, 1 - z);
        const [atPoint, atDirection] = [w, v].map(x => inner(slope, gatedDelta(layout, x, gates)));
        const found = mixedDerivativeOf(layout, w, v, {
          gradient: slope.map(value => value * atPoint!),
          curvature: slope.map(value => value * atDirection!),
        });
        for (const gate of [0, 1]) {
          // ⟨∇w loss, v⟩ is quadratic in each gate: its central difference is exact.
          const [plus, minus] = [0.5, -0.5].map(h => along(gates.with(gate, gates[gate]! + h)));
          const size = 1 + length(slope) ** 2 * length(w) * length(v);
          assert.ok(Math.abs(plus! - minus! - found[gate]!) < 1e-5 * size);
        }
      }),
    );
  });

  it('leave the vectors they read alone', () => {
    const w = draw(layout.size, 'w');
    const before = w.slice();
    gatedDelta(layout, w, Float32Array.of(0, 0));
    splitGradient(layout, w, Float32Array.of(0.5, 0.5), draw(layout.size, 'g'));
    assert.deepEqual(w, before);
  });
});
