import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadModel } from '../../src/models/load.ts';
import type { Program } from '../../src/runtime/program.ts';
import { type Batch, fixturePath, largestDifference, numbersOf, readDocument, readNumbers } from './fixtures.ts';

interface Outputs {
  readonly batches: readonly Batch[];
  readonly losses: readonly number[];
  readonly maxTokens?: number;
  readonly sources?: readonly (readonly number[])[];
  readonly answers?: readonly (readonly number[])[];
}

const NOTHING = new Float32Array(0);

async function withBackbone(name: string, use: (program: Program) => Promise<void>): Promise<void> {
  const program = await (await loadModel(fixturePath(name))).compile([]);
  try {
    await use(program);
  } finally {
    await program.release();
  }
}

/** Logits of the real target positions, one after another: what lies on padding is nobody's business. */
async function realLogits(program: Program, batch: Batch): Promise<Float32Array> {
  const { data, shape } = await program.logits(batch, NOTHING);
  const [rows, columns, vocabulary] = shape;
  assert.equal(rows, batch.length);
  const parts = batch.map(({ target }, row) =>
    data.subarray(row * columns * vocabulary, (row * columns + target.length) * vocabulary),
  );
  return Float32Array.from(parts.flatMap(part => [...part]));
}

for (const name of ['tiny-t5', 'tiny-t5-v1_1', 'tiny-t5-float16', 'tiny-t5-bfloat16', 'tiny-t5-sharded']) {
  describe(`${name} beside Hugging Face`, async () => {
    const outputs = await readDocument<Outputs>(`${name}.outputs`);
    const numbers = await readNumbers(`${name}.outputs`);

    it('gives the same logits for padded batches', () =>
      withBackbone(name, async program => {
        for (const [index, batch] of outputs.batches.entries()) {
          const expected = numbersOf(numbers, `logits.${index}`);
          const difference = largestDifference(await realLogits(program, batch), expected);
          assert.ok(difference < 1e-4, `batch ${index}: logits differ by ${difference}`);
        }
      }));

    it('gives the same loss, the mean over all target tokens', () =>
      withBackbone(name, async program => {
        for (const [index, batch] of outputs.batches.entries()) {
          const { loss } = await program.lossAndGradients(batch, NOTHING);
          const expected = outputs.losses[index]!;
          assert.ok(Math.abs(loss - expected) < 1e-5 * expected, `batch ${index}: loss ${loss}, expected ${expected}`);
        }
      }));

    const { sources, answers, maxTokens } = outputs;
    if (sources && answers && maxTokens) {
      it('generates the same answers', () =>
        withBackbone(name, async program => {
          assert.deepEqual(await program.generate(sources, NOTHING, undefined, { maxTokens }), answers);
        }));

      it('generates the same answer for a source by itself', () =>
        withBackbone(name, async program => {
          const alone = await program.generate(sources.slice(-1), NOTHING, undefined, { maxTokens });
          assert.deepEqual(alone, answers.slice(-1));
        }));
    }
  });
}
