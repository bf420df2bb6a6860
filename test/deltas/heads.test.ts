import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Layout } from '../../src/core/program.ts';
import { headParameters } from '../../src/deltas/attach.ts';
import { gatedDelta, mixedDerivativeOf, splitGradient } from '../../src/deltas/gates.ts';
import { createModule } from '../../src/deltas/kinds.ts';
import { type Head, headSize, initialDelta, layoutOf } from '../../src/deltas/layout.ts';
import { mergeDelta } from '../../src/deltas/merge.ts';
import { Graph } from '../../src/graph/graph.ts';
import { readDelta, writeDelta } from '../../src/library/delta-file.ts';
import { budgetSentence } from '../../src/report/summary.ts';
import { makeSite } from '../structure/make-site.ts';

const site = makeSite('map', 'self-attention.query', 3, 2);
const modules = [createModule(site, 'lora', { rank: 1, alpha: 2 }), createModule(site, 'bitfit')];
const head = (name: string): Head => ({
  name,
  parameters: [
    { name: 'weight', shape: [2, 3], initializer: { distribution: 'normal', standardDeviation: 0.02 } },
    { name: 'bias', shape: [2], initializer: { distribution: 'zeros' } },
  ],
});
const heads = [head('dense'), head('out')];
const layout = layoutOf(modules, heads);
const modulesSize = layoutOf(modules).size;
const delta = Float32Array.from({ length: layout.size }, (_, i) => 0.1 * (i + 1));

test('heads come after all modules, each parameter in its place', () => {
  assert.equal(layout.size, modulesSize + 16);
  assert.equal(headSize(heads), 16);
  assert.deepEqual(
    layout.heads.flatMap(({ name, parameters }) =>
      parameters.map(parameter => `${name}.${parameter.name} ${parameter.offset - modulesSize}`),
    ),
    ['dense.weight 0', 'dense.bias 6', 'out.weight 8', 'out.bias 14'],
  );
});

test('heads begin by the seed and their name, whatever the modules; a trained one as it was given', () => {
  const fresh = initialDelta(layout, 5, heads);
  assert.deepEqual(fresh.subarray(modulesSize), initialDelta(layoutOf([], heads), 5, heads));
  assert.notDeepEqual(fresh.subarray(modulesSize), initialDelta(layout, 6, heads).subarray(modulesSize));
  const [dense, out] = [fresh.slice(modulesSize, modulesSize + 6), fresh.slice(modulesSize + 8, modulesSize + 14)];
  assert.ok(dense.every(value => value !== 0 && Math.abs(value) < 0.1));
  assert.notDeepEqual(dense, out);
  assert.deepEqual(fresh.subarray(modulesSize + 6, modulesSize + 8), new Float32Array(2));
  const values = Float32Array.of(1, 2);
  const trained = [
    { name: 'head', parameters: [{ name: 'bias', shape: [2], initializer: { distribution: 'given', values } }] },
  ] as const;
  assert.deepEqual(initialDelta(layoutOf([], trained), 5, trained), values);
  assert.throws(() => initialDelta(layout, 5), /a head dense/);
});

test('a head that answers numbers begins at the mean of those that the training examples ask for', () => {
  const heads: Head[] = [
    { name: 'head', parameters: [{ name: 'bias', shape: [1], initializer: { distribution: 'mean-answer' } }] },
  ];
  const layout = layoutOf([], heads);
  const examples = [1, 2.5, 4].map(value => ({ input: { ids: [] }, output: { value } }));
  assert.deepEqual(initialDelta(layout, 5, heads, examples), Float32Array.of(2.5));
  assert.deepEqual(initialDelta(layout, 5, heads), Float32Array.of(0));
});

test('gates multiply no head, and read none', () => {
  const gates = Float32Array.of(0, 0.5);
  const ownOf = (vector: Float32Array) => vector.slice(modulesSize);
  assert.deepEqual(ownOf(gatedDelta(layout, delta, gates)), ownOf(delta));
  const gradient = delta.map(Math.sin);
  const whole = gradient.slice();
  const byGate = splitGradient(layout, delta, gates, gradient);
  assert.deepEqual(ownOf(gradient), ownOf(whole));
  const without: Layout = layoutOf(modules);
  const cut = (vector: Float32Array) => vector.slice(0, modulesSize);
  assert.deepEqual(byGate, splitGradient(without, cut(delta), gates, cut(whole)));
  assert.deepEqual(
    mixedDerivativeOf(layout, delta, whole, { gradient: whole, curvature: delta }),
    mixedDerivativeOf(without, cut(delta), cut(whole), { gradient: cut(whole), curvature: cut(delta) }),
  );
});

test('merging leaves heads where they are: after the modules that no weight holds', () => {
  const { rest, delta: left } = mergeDelta(layout, delta);
  assert.deepEqual(
    rest.map(({ kind }) => kind),
    ['bitfit'],
  );
  assert.equal(left.length, layoutOf(rest, heads).size);
  assert.deepEqual(left.subarray(2), delta.subarray(modulesSize));
});

test('heads are saved and found again by name', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 's3delta-heads-')), 'delta.safetensors');
  const model = { name: 'toy', fingerprint: 'abc' };
  await writeDelta(path, model, layout, delta);
  assert.deepEqual(await readDelta(path, model, layout), delta);
  const turned = layoutOf(modules, [...heads].reverse());
  assert.deepEqual((await readDelta(path, model, turned)).slice(-8, -2), delta.slice(modulesSize, modulesSize + 6));
  await assert.rejects(readDelta(path, model, layoutOf(modules, [head('other')])), /other\.weight is missing/);
});

test('a graph cuts heads out of the flat vector in their shapes', () => {
  const flat = new Graph().input('delta', 'float32', [layout.size]);
  const { weight, bias } = headParameters(layout, flat, 'out');
  assert.deepEqual([weight!.shape, bias!.shape], [[2, 3], [2]]);
  assert.throws(() => headParameters(layout, flat, 'none'), /no head is named none/);
});

test("a head's size is told beside the budget, never within it", () => {
  const result = { budget: { parameters: 100, fraction: 0.001 }, structure: { modules: 2, parameters: 90 } };
  const said = (head?: number) =>
    budgetSentence({ ...result, structure: { ...result.structure, ...(head && { head }) } } as Parameters<
      typeof budgetSentence
    >[0]);
  assert.doesNotMatch(said(), /head/);
  assert.match(said(16), /90 trainable parameters, of a budget of 100 .*; beside it a head of 16 parameters/);
});
