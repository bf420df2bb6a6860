import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { TensorEntry } from '../../src/files/safetensors.ts';
import { loadModel } from '../../src/models/load-model.ts';
import {
  quantized,
  quantizedTranspose,
  quantizedWeights,
  SMALLEST_SCALED,
  scalesOf,
} from '../../src/models/quantized-weights.ts';
import { readWeight, type Weights } from '../../src/models/read-weight.ts';

const scratch = await mkdtemp(join(tmpdir(), 's3delta-quantized-'));
after(() => rm(scratch, { recursive: true }));

describe('rounding a matrix', () => {
  const matrix = fc
    .record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }) })
    .chain(({ rows, columns }) => {
      const numbers = fc.float32Array({
        minLength: rows * columns,
        maxLength: rows * columns,
        min: -8,
        max: 8,
        noNaN: true,
      });
      return numbers.map(weight => ({ rows, columns, weight }));
    });

  it('is off by half a unit of the column at most, in both forms, and uses the whole range', () => {
    fc.assert(
      fc.property(matrix, ({ rows, columns, weight }) => {
        const scales = scalesOf(weight, columns);
        const [values, transpose] = [quantized(weight, scales), quantizedTranspose(weight, scales)];
        for (const [i, number] of weight.entries()) {
          const [row, column] = [Math.floor(i / columns), i % columns];
          const [own, turned] = [scales.columns[column]!, scales.rows[row]!];
          assert.ok(Math.abs(values[i]! * own - number) <= 0.5001 * own);
          assert.ok(Math.abs(transpose[column * rows + row]! * turned - number) <= 0.5001 * turned);
        }
        for (let row = 0; row < rows; row++) {
          const own = Array.from({ length: columns }, (_, column) => transpose[column * rows + row]!);
          const isEmpty = weight
            .subarray(row * columns, (row + 1) * columns)
            .every(number => Math.abs(number) <= SMALLEST_SCALED);
          assert.equal(Math.max(...own.map(Math.abs)), isEmpty ? 0 : 127);
        }
      }),
    );
  });
});

describe('rounded weights of a checkpoint', () => {
  const folderOf = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  const sites = ['encoder.block.0.layer.0.SelfAttention.q', 'decoder.block.1.layer.2.DenseReluDense.wo'];
  const matrices = async (name: string): Promise<Weights> => {
    const { weights } = await loadModel(folderOf(name));
    return new Map(sites.map(site => [site, weights.get(site)!]));
  };
  const read = async ({ file, offset, byteLength }: TensorEntry) =>
    new Int8Array((await readFile(file)).buffer.slice(offset, offset + byteLength));

  for (const name of ['tiny-t5', 'tiny-t5-float16', 'tiny-t5-bfloat16']) {
    it(`stand in a file in both forms, with their scales: ${name}`, async () => {
      const weights = await matrices(name);
      const found = await quantizedWeights(weights, scratch);
      for (const [site, weight] of weights) {
        const [rows, columns] = weight.shape as [number, number];
        const numbers = await readWeight(weight);
        const scales = scalesOf(numbers, columns);
        const { forward, backward } = found.get(site)!;
        assert.deepEqual([forward.values.shape, forward.scales.shape], [[columns, rows], [rows]]);
        assert.deepEqual([backward.values.shape, backward.scales.shape], [[rows, columns], [columns]]);
        assert.deepEqual(await read(forward.values), quantizedTranspose(numbers, scales));
        assert.deepEqual(await read(backward.values), quantized(numbers, scales));
        assert.deepEqual(new Float32Array((await read(forward.scales)).buffer), scales.rows);
        assert.deepEqual(new Float32Array((await read(backward.scales)).buffer), scales.columns);
      }
    });
  }

  it('are made once, and again where the checkpoint has changed', async () => {
    const weights = await matrices('tiny-t5');
    const copy = join(scratch, 'copy.safetensors');
    await copyFile([...weights.values()][0]!.file, copy);
    const copied = new Map([...weights].map(([site, weight]) => [site, { ...weight, file: copy }]));
    const folder = join(scratch, 'once');
    await quantizedWeights(copied, folder);
    const [first] = await readdir(folder);
    await utimes(join(folder, first!), 1, 1);
    await quantizedWeights(copied, folder);
    assert.deepEqual(await readdir(folder), [first]);
    await utimes(copy, 1000, 1000);
    await quantizedWeights(copied, folder);
    assert.equal((await readdir(folder)).length, 2);
  });

  it('are made again where their file is damaged', async () => {
    const weights = await matrices('tiny-t5');
    const folder = join(scratch, 'damaged');
    await quantizedWeights(weights, folder);
    const file = join(folder, (await readdir(folder))[0]!);
    const whole = await readFile(file);
    for (const bytes of [Buffer.from(whole).fill(0, whole.length - 40), whole.subarray(0, 100)]) {
      await writeFile(file, bytes);
      await quantizedWeights(weights, folder);
      assert.deepEqual(await readFile(file), whole);
    }
  });
});
