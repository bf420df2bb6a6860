import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/core/errors.ts';
import type { EncodedExample } from '../../src/core/program.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { neededNodes } from '../../src/graph/schedule.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { hasExactInt8Products } from '../../src/runtime/probe-device.ts';
import { productFlops } from '../../src/runtime/program-graphs.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { example } from '../encoded.ts';

const cache = await mkdtemp(join(tmpdir(), 's3delta-int8-'));
process.env.S3DELTA_CACHE = cache;
after(() => rm(cache, { recursive: true, force: true }));

const skip = (await hasExactInt8Products()) ? false : 'this processor has no exact products of 8-bit integers';
const batch: EncodedExample[] = [
  example([5, 9, 12, 1], [8, 1]),
  example(
    Array.from({ length: 21 }, (_, i) => 3 + i),
    [9, 30, 1],
  ),
];
const folderOf = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const pair = async (name: string, more: { recompute?: boolean; prepack?: boolean } = {}) => ({
  exact: await loadModel(folderOf(name), { threads: 1 }),
  rounded: await loadModel(folderOf(name), { threads: 1, precision: 'int8', ...more }),
});

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const norm = (a: Float32Array) => Math.sqrt(dot(a, a));
/** Cosine and ratio of lengths: both 1 where vectors are equal. */
function assertNear(actual: Float32Array, expected: Float32Array, what: string): void {
  const cosine = dot(actual, expected) / (norm(actual) * norm(expected));
  const ratio = norm(actual) / norm(expected);
  assert.ok(cosine > 0.94 && Math.abs(ratio - 1) < 0.2, `${what}: cosine ${cosine}, ratio of lengths ${ratio}`);
}

const products = (graph: Graph, op: string) => neededNodes(graph).filter(node => node.op === op).length;

describe('a program with frozen products of 8-bit integers', { skip }, () => {
  for (const name of ['tiny-bert', 'tiny-mpnet']) {
    it(`has the loss and the gradients of float32 but for the rounding: ${name}`, async () => {
      const { exact, rounded } = await pair(name);
      const modules = listSpace(exact.sites, 'mixed');
      const [one, two] = [await exact.compile(modules), await rounded.compile(modules)];
      const delta = one.initialDelta(1).map((value, i) => value + 0.02 * Math.sin(i));
      const gates = new Float32Array(modules.length).fill(0.5);
      const texts = [2, 7].map(length => ({
        input: { ids: [2, ...Array.from({ length }, (_, i) => 9 + i), 3] },
        output: { class: length % 2 },
      }));
      const expected = await one.lossAndGradients(texts, delta, gates);
      const actual = await two.lossAndGradients(texts, delta, gates);
      assert.notEqual(actual.loss, expected.loss);
      assert.ok(Math.abs(actual.loss / expected.loss - 1) < 0.02, `${actual.loss} against ${expected.loss}`);
      assertNear(actual.delta, expected.delta, 'gradient');
    });
  }

  for (const name of ['tiny-t5', 'tiny-t5-v1_1', 'tiny-t5-float16']) {
    it(`has the loss, the gradients and the mixed derivative of float32 but for the rounding: ${name}`, async () => {
      const { exact, rounded } = await pair(name);
      const modules = listSpace(exact.sites, 'wide');
      const [one, two] = [await exact.compile(modules), await rounded.compile(modules)];
      const delta = one.initialDelta(1).map((value, i) => value + 0.02 * Math.sin(i));
      const gates = Float32Array.from(modules, (_, i) => 0.2 + 0.6 * ((i * 0.618) % 1));
      const [expected, actual] = [
        await one.lossAndGradients(batch, delta, gates),
        await two.lossAndGradients(batch, delta, gates),
      ];
      assert.notEqual(actual.loss, expected.loss);
      assert.ok(Math.abs(actual.loss / expected.loss - 1) < 0.01, `${actual.loss} against ${expected.loss}`);
      assertNear(actual.delta, expected.delta, '∂/∂delta');
      assertNear(actual.gates, expected.gates, '∂/∂gates');
      const mixed = (program: typeof one) => program.mixedDerivative(batch, delta, gates, expected.delta);
      assertNear(await mixed(two), await mixed(one), '∂²/∂gates∂delta');
      await Promise.all([one.release(), two.release()]);
    });
  }

  it('gives the same bits twice, and with weights as they lie', async () => {
    const modules = listSpace((await pair('tiny-t5')).exact.sites, 'wide');
    const run = async (prepack: boolean) => {
      const program = await (await pair('tiny-t5', { prepack })).rounded.compile(modules);
      const delta = program.initialDelta(7).map((value, i) => value + 0.02 * Math.sin(i));
      const result = await program.lossAndGradients(batch, delta);
      await program.release();
      return result;
    };
    const first = await run(true);
    assert.deepEqual(await run(true), first);
    assertNear((await run(false)).delta, first.delta, '--no-prepack');
  });

  it('computes every large product so, forward and backward, with the operations of float32', async () => {
    const { exact, rounded } = await pair('tiny-t5');
    const modules = listManualModules(exact.sites, 'lora');
    const [plain, integer] = [exact.graphs(modules), rounded.graphs(modules)];
    // Of a decoder's block: q, k, v and o of its self-attention, q and o of its cross-attention, wi and wo.
    assert.equal(products(rounded.graphs([]).answering('generate')[0]!.graph, 'DynamicQuantizeMatMul'), 2 * 6);
    assert.equal(products(rounded.graphs([]).answering('generate')[1]!.graph, 'DynamicQuantizeMatMul'), 2 * 8);
    // Below the first blocks' q, k and v nothing is trained.
    assert.equal(products(integer.training, 'DynamicQuantizeMatMul'), 2 * 2 * (6 + 8) - 6);
    const extents = plain.extents({ rows: 4, source: 16, target: 3 });
    assert.equal(productFlops(integer.training, extents), productFlops(plain.training, extents));
  });

  it('is planned with and without, however the model was loaded', async () => {
    const { exact, rounded } = await pair('tiny-t5');
    const counts = [exact, rounded].flatMap(model =>
      ([undefined, 'float32', 'int8'] as const).map(precision =>
        products(model.graphs([], precision && { precision }).answering('generate')[0]!.graph, 'DynamicQuantizeMatMul'),
      ),
    );
    assert.deepEqual(counts, [0, 0, 12, 12, 0, 12]);
  });

  it('is refused off the CPU, before any weight is read', async () => {
    for (const device of ['webgpu', 'cuda'] as const) {
      const loading = loadModel(folderOf('tiny-t5'), { precision: 'int8', device });
      await assert.rejects(loading, (error: Error) => error instanceof InputError && /CPU/.test(error.message));
    }
  });

  it('leaves a weight that is trained in float32', async () => {
    const { exact, rounded } = await pair('tiny-t5');
    const modules = listManualModules(exact.sites, 'fine-tuning');
    const [one, two] = [await exact.compile(modules), await rounded.compile(modules)];
    const delta = one.initialDelta(0).map((_, i) => 0.01 * Math.sin(i));
    assert.deepEqual(await two.lossAndGradients(batch, delta), await one.lossAndGradients(batch, delta));
    await Promise.all([one.release(), two.release()]);
  });

  it('computes sub-layers again with the same results', async () => {
    const { rounded } = await pair('tiny-t5');
    const { rounded: again } = await pair('tiny-t5', { recompute: true });
    const modules = listSpace(rounded.sites, 'wide');
    const [one, two] = [await rounded.compile(modules), await again.compile(modules)];
    const delta = one.initialDelta(1).map((value, i) => value + 0.02 * Math.sin(i));
    const [expected, actual] = [await one.lossAndGradients(batch, delta), await two.lossAndGradients(batch, delta)];
    assert.equal(actual.loss, expected.loss);
    assertNear(actual.delta, expected.delta, '--recompute');
    await Promise.all([one.release(), two.release()]);
  });
});
