import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadModel } from '../../src/models/load-model.ts';
import { chooseStructure } from '../../src/search/choose-structure.ts';
import { sensitivity } from '../../src/search/strategies/sensitivity.ts';
import {
  type Batch,
  deltaVector,
  describedModules,
  examplesOf,
  fixturePath,
  largestDifference,
  type ModuleDescription,
  numbersOf,
  readDocument,
  readNumbers,
} from './fixtures.ts';

interface Document {
  readonly modules: readonly ModuleDescription[];
  readonly examples: Batch;
  readonly batches: readonly (readonly number[])[];
  readonly budget: number;
  readonly rate: number;
  readonly clipNorm: number;
  /** Modules that are open after each step. */
  readonly open: readonly (readonly number[])[];
  readonly losses: readonly number[];
}

const NAME = 'tiny-t5-v1_1';

test('a search by sensitivity opens and keeps, step by step, what plain PyTorch does', async () => {
  const { modules, examples, batches, budget, rate, clipNorm, open, losses } = await readDocument<Document>(
    `${NAME}.sensitivity`,
  );
  const numbers = await readNumbers(`${NAME}.sensitivity`);
  const worths = numbersOf(numbers, 'worth');
  const model = await loadModel(fixturePath(NAME));
  const program = await model.compile(describedModules(model, modules));
  // Batches are not cut: another stands in for each.
  const { tokensPerRun: _, ...whole } = program;
  const candidates = program.layout.modules.map(({ module }) => module);
  const seen: number[][] = [];
  const rows = examplesOf(examples);
  const stage = { epochs: 1000, maxSteps: batches.length, batchSize: 4, evaluateEvery: 1000, seed: 1 };
  const problem = {
    ...{ candidates, budget, keepInert: false, examples: rows, usualEvaluations: 0, headSize: 0 },
    ...{ stage: { ...stage, learningRate: rate, clipNorm }, tuning: { ...stage, learningRate: rate, clipNorm } },
  };
  const events = sensitivity.search(
    problem,
    { 'fitting-only': true, finalists: 1 },
    async () => ({
      initialDelta: deltaVector(program.layout, numbers, 'initial/'),
      evaluate: async () => 0,
      validationLoss: async () => 0,
      release: async () => {},
      program: {
        ...whole,
        // The fixture's batches in place of the seed's.
        lossAndGradients(_, delta, gates) {
          seen.push([...gates!.entries()].flatMap(([i, gate]) => (gate === 1 ? [i] : [])));
          return program.lossAndGradients(
            batches[seen.length - 1]!.map(row => rows[row]!),
            delta,
            gates,
          );
        },
      },
    }),
    {},
  );
  const count = candidates.length;
  for (let step = 0; ; step++) {
    const next = await events.next();
    if (next.done) {
      const kept = chooseStructure(next.value.worth, candidates, { budget, keepInert: false });
      assert.deepEqual(
        kept.flatMap((is, i) => (is ? [i] : [])),
        open.at(-1),
      );
      break;
    }
    assert.ok(next.value.type === 'step');
    assert.ok(Math.abs(next.value.loss - losses[step]!) < 1e-4, `${step}: ${next.value.loss}, not ${losses[step]}`);
    const expected = worths.subarray(step * count, (step + 1) * count);
    const largest = Math.max(...expected);
    const difference = largestDifference(next.value.worth!, expected);
    assert.ok(difference < 2e-3 * largest, `${step}: worth differs by ${difference} of ${largest}`);
  }
  assert.deepEqual(seen.slice(1), open.slice(0, -1));
  await program.release();
});
