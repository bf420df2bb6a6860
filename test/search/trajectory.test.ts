import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createModule } from '../../src/deltas/index.ts';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import { loadModel } from '../../src/models/load.ts';
import type { EncodedExample } from '../../src/runtime/program.ts';
import { biLevelStep } from '../../src/search/bi-level.ts';
import { chooseStructure } from '../../src/search/choose-structure.ts';
import { createConcreteEstimator } from '../../src/search/estimator.ts';
import { createMoments } from '../../src/training/adamw.ts';
import { linearDecay } from '../../src/training/schedule.ts';

/** What tools/fixtures/trajectory.py computed in float64 with autograd and torch.optim.AdamW. */
interface Fixture {
  readonly modules: readonly { site: string; kind: string; options: Record<string, number> }[];
  readonly budget: number;
  readonly examples: readonly EncodedExample[];
  readonly deltaBatches: readonly number[][];
  readonly alphaBatches: readonly number[][];
  readonly runs: readonly {
    readonly steps: number;
    readonly order: 'first' | 'second';
    readonly gradient: 'global' | 'local';
    readonly tau: number;
    readonly beta: number;
    readonly clipNorm: number;
    readonly keepEvery: number;
    readonly losses: readonly number[];
    readonly alphaLosses: readonly number[];
    readonly kept: readonly number[];
  }[];
}

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const fixture: Fixture = JSON.parse(await readFile(`${fixtures}tiny-t5-v1_1.trajectory.json`, 'utf8'));
const { tensors } = await readSafetensors(`${fixtures}tiny-t5-v1_1.trajectory.safetensors`);
const model = await loadModel(`${fixtures}tiny-t5-v1_1`);
const modules = fixture.modules.map(({ site, kind, options }) =>
  createModule(model.sites.find(({ name }) => name === site)!, kind, options),
);
const program = await model.compile(modules);
after(() => program.release());

const counts = modules.map(({ parameters }) => parameters);
const array = (name: string) => tensors.get(name)!.data;
const initialDelta = new Float32Array(program.layout.size);
for (const { module, parameters } of program.layout.modules) {
  for (const { name, offset } of parameters) initialDelta.set(array(`initial/${module.id}.${name}`), offset);
}
const pick = (indices: readonly number[]) => indices.map(i => fixture.examples[i]!);

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const far = Math.abs(actual[i]! - expected[i]!);
    assert.ok(far <= tolerance, `${what} ${i}: ${actual[i]} ≠ ${expected[i]}`);
  }
}

for (const [number, run] of fixture.runs.entries()) {
  const { steps, order, gradient, tau, beta, clipNorm, keepEvery, losses, alphaLosses, kept } = run;
  const title = `${steps} steps, ${order} order, ${gradient} gradient, τ ${tau}, β ${beta}, clip ${clipNorm}`;

  test(`${title}: α stays within 1e-3 of PyTorch’s`, async () => {
    const { budget } = fixture;
    const uniforms = (step: number) => array('uniforms').subarray(step * counts.length, (step + 1) * counts.length);
    const estimator = createConcreteEstimator({ counts, budget, gradient, tau, beta, uniforms });
    const delta = initialDelta.slice();
    const alpha = new Float64Array(counts.length);
    const state = { delta, deltaMoments: createMoments(delta), alpha, alphaMoments: createMoments(alpha) };
    const expected = { alpha: array(`${number}/alpha`), p: array(`${number}/p`) };
    for (let step = 0; step < steps; step++) {
      const report = await biLevelStep(state, pick(fixture.deltaBatches[step]!), pick(fixture.alphaBatches[step]!), {
        program,
        estimator,
        order,
        learningRate: linearDecay(3e-4, step, steps),
        alphaLearningRate: linearDecay(0.1, step, steps),
        clipNorm,
        step,
      });
      assertClose([report.loss, report.alphaLoss], [losses[step]!, alphaLosses[step]!], 1e-3, `losses of step ${step}`);
      if ((step + 1) % keepEvery !== 0) continue;
      const row = (step + 1) / keepEvery - 1;
      const slice = (all: ArrayLike<number>) => Array.from(all).slice(row * counts.length, (row + 1) * counts.length);
      assertClose(alpha, slice(expected.alpha), 1e-3, `α after step ${step + 1}, module`);
      assertClose(estimator.probabilities(alpha), slice(expected.p), 1e-3, `p after step ${step + 1}, module`);
    }
    const chosen = chooseStructure(alpha, modules, { budget, keepInert: true });
    assert.deepEqual(
      chosen.flatMap((keep, i) => (keep ? [i] : [])),
      kept,
    );
  });
}
