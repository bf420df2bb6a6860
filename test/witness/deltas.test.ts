import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadModel } from '../../src/models/load-model.ts';
import { listSpace } from '../../src/structure/spaces.ts';
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

interface GradientCase {
  readonly loss: number;
  readonly modules: readonly ModuleDescription[];
}

type Document = { readonly examples: Batch } & Readonly<Record<string, GradientCase>>;

const RELATIVE = 1e-4;
/** An inert module's gradient is 0 up to rounding: compared absolutely. */
const ABSOLUTE = 1e-6;
/**
 * A gate's gradient is the sum of its parameters times their gradients, over z, and may cancel to a hundredth of its
 * terms: PyTorch's own float32 then differs from its float64 by 2e-4. Allowed beside RELATIVE, as a share of the terms.
 */
const ROUNDING = 2e-6;

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, inert: boolean, what: string): void {
  const allowed = inert ? ABSOLUTE : RELATIVE * length(expected);
  const found = distance(actual, expected);
  assert.ok(found <= allowed, `${what}: differs by ${found} where ${allowed} is allowed`);
}

for (const name of ['tiny-t5', 'tiny-t5-v1_1']) {
  describe(`gradients on ${name} beside PyTorch's`, async () => {
    const document = await readDocument<Document>(`${name}.deltas`);
    const numbers = await readNumbers(`${name}.deltas`);
    const model = await loadModel(fixturePath(name));

    it('has in its wide space the modules that PyTorch lists', () => {
      const ids = (modules: readonly { site: string; kind: string }[]) =>
        modules.map(({ site, kind }) => `${site}:${kind}`).toSorted();
      assert.deepEqual(
        ids(document.wide!.modules),
        listSpace(model.sites, 'wide')
          .map(({ id }) => id)
          .toSorted(),
      );
    });

    for (const label of ['mixed', 'adapter', 'linear', 'fine-tuning', 'wide']) {
      const { loss: expectedLoss, modules } = document[label]!;
      // Full fine-tuning is trained as it is: no gates, and every weight's change still at 0.
      const gated = label !== 'fine-tuning';

      it(`equal for every module of the list "${label}"`, async () => {
        const program = await model.compile(describedModules(model, modules));
        try {
          const { layout } = program;
          const delta = gated ? deltaVector(layout, numbers, `${label}/`) : new Float32Array(layout.size);
          const gates = gated ? numbersOf(numbers, `${label}/gates`) : undefined;
          const result = await program.lossAndGradients(examplesOf(document.examples), delta, gates);

          assert.ok(
            Math.abs(result.loss - expectedLoss) < 1e-5 * expectedLoss,
            `loss ${result.loss}, expected ${expectedLoss}`,
          );
          const expected = deltaVector(layout, numbers, `${label}/grad.`);
          for (const { module, parameters } of layout.modules) {
            for (const { name: parameter, offset, size } of parameters) {
              const [actualPart, expectedPart] = [result.delta, expected].map(all =>
                all.subarray(offset, offset + size),
              );
              assertClose(actualPart!, expectedPart!, module.inert, `${module.id}.${parameter}`);
            }
          }
          if (!gated) return assert.equal(result.gates.length, 0);
          const expectedGates = numbersOf(numbers, `${label}/grad.gates`);
          assertClose(result.gates, expectedGates, false, 'all gates');
          for (const [index, { module, parameters }] of layout.modules.entries()) {
            const cancelling = parameters.reduce((sum, { offset, size }) => {
              const [value, gradient] = [delta, expected].map(all => all.subarray(offset, offset + size));
              return sum + (length(value!) * length(gradient!)) / gates![index]!;
            }, 0);
            const allowed = module.inert
              ? ABSOLUTE
              : RELATIVE * Math.abs(expectedGates[index]!) + ROUNDING * cancelling;
            const found = Math.abs(result.gates[index]! - expectedGates[index]!);
            assert.ok(found <= allowed, `gate of ${module.id}: differs by ${found} where ${allowed} is allowed`);
          }
        } finally {
          await program.release();
        }
      });
    }
  });
}
