import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadModel } from '../../src/models/load-model.ts';
import { mixedDerivatives } from '../../src/search/strategies/bilevel/step-orders.ts';
import { withMicroBatches } from '../../src/training/step-batches.ts';
import {
  type Batch,
  deltaVector,
  describedModules,
  distance,
  examplesOf,
  fixturePath,
  length,
  type ModuleDescription,
  numbersOf,
  readDocument,
  readNumbers,
} from './fixtures.ts';

type Document = { readonly examples: Batch } & Readonly<Record<string, { readonly modules: ModuleDescription[] }>>;

const RELATIVE = 1e-4;

for (const name of ['tiny-t5', 'tiny-t5-v1_1']) {
  describe(`mixed derivatives on ${name} beside PyTorch's double backward`, async () => {
    const document = await readDocument<Document>(`${name}.deltas`);
    const numbers = await readNumbers(`${name}.deltas`);
    const expected = await readNumbers(`${name}.mixed-derivatives`);
    const model = await loadModel(fixturePath(name));

    for (const label of ['mixed', 'adapter', 'linear']) {
      it(`equal for the list "${label}", micro-batched too`, async () => {
        const program = await model.compile(describedModules(model, document[label]!.modules));
        try {
          const [delta, direction] = [`${label}/`, `${label}/grad.`].map(prefix =>
            deltaVector(program.layout, numbers, prefix),
          );
          const gates = numbersOf(numbers, `${label}/gates`);
          const wanted = numbersOf(expected, label);
          for (const part of [document.examples.length, 4]) {
            const { mixedDerivative } = withMicroBatches(program, part);
            const found = await mixedDerivative(examplesOf(document.examples), delta!, gates, direction!);
            const [error, allowed] = [distance(found, wanted), RELATIVE * length(wanted)];
            assert.ok(error <= allowed, `in parts of ${part}: differs by ${error} where ${allowed} is allowed`);
          }
        } finally {
          await program.release();
        }
      });
    }
  });
}

/** How far each finite difference is from the exact derivative on the mixed list, in units of its length. */
async function differences(name: string) {
  const document = await readDocument<Document>(`${name}.deltas`);
  const numbers = await readNumbers(`${name}.deltas`);
  const exact = numbersOf(await readNumbers(`${name}.mixed-derivatives`), 'mixed');
  const model = await loadModel(fixturePath(name));
  const program = await model.compile(describedModules(model, document.mixed!.modules));
  try {
    const delta = deltaVector(program.layout, numbers, 'mixed/');
    const direction = deltaVector(program.layout, numbers, 'mixed/grad.');
    const gates = Float32Array.from(numbersOf(numbers, 'mixed/gates'));
    const batch = examplesOf(document.examples);
    const { gates: gateGradient } = await program.lossAndGradients(batch, delta, gates);
    const offBy = async (order: 'one-sided' | 'second') => {
      const found = await mixedDerivatives[order]!(program, { batch, delta, gates, gateGradient, direction });
      return distance(found, exact) / length(exact);
    };
    return { oneSided: await offBy('one-sided'), central: await offBy('second') };
  } finally {
    await program.release();
  }
}

describe('finite differences beside the exact mixed derivative', () => {
  it('are both near on gelu', async () => {
    const { oneSided, central } = await differences('tiny-t5-v1_1');
    assert.ok(oneSided < 0.1, `one-sided is off by ${oneSided}`);
    assert.ok(central < 0.1, `central is off by ${central}`);
  });

  it('are both far on relu, where the shorter step of the one-sided form meets its kinks harder', async () => {
    const { oneSided, central } = await differences('tiny-t5');
    assert.ok(central > 0.3 && central < 1, `central is off by ${central}`);
    assert.ok(oneSided > 3 * central, `one-sided is off by ${oneSided}, central by ${central}`);
  });
});
