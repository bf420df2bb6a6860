import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadModel } from '../../src/models/load-model.ts';
import { withMicroBatches } from '../../src/training/micro-batches.ts';
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
