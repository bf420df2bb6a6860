import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { cellKey, type TrainCell } from '../../bench/evidence/cells.ts';
import { meanGate } from '../../bench/evidence/rates.ts';
import { type Finished, openStore } from '../../bench/evidence/store.ts';
import { binaryConcrete } from '../../src/research.ts';

const cell: TrainCell = { kind: 'train', task: 'sst2', seed: 0, modules: ['a:lora'], steps: 1, rate: 1 };
const finished = { key: cellKey(cell), cell } as Finished;

describe('cells of the evidence', () => {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  after(() => rmSync(folder, { recursive: true }));
  const open = (name: string) => openStore(join(folder, `${name}.jsonl`), join(folder, name));

  it('are named by their values, in any order of their keys', () => {
    const { rate, ...rest } = cell;
    assert.equal(cellKey({ rate, ...rest }), cellKey(cell));
    assert.notEqual(cellKey({ ...cell, seed: 1 }), cellKey(cell));
  });

  it('are claimed once, and again where the process that claimed has ended', () => {
    const store = open('claims');
    assert.equal(store.claim(cell), true);
    assert.equal(store.claim(cell), false);
    // No process can have this number.
    writeFileSync(join(folder, 'claims', cellKey(cell)), String(2 ** 30));
    assert.equal(store.claim(cell), true);
  });

  it('are found again after a line that a kill cut short, and added after it', () => {
    const store = open('torn');
    store.finish(finished);
    appendFileSync(join(folder, 'torn.jsonl'), '{"key": "half');
    assert.deepEqual([...store.read().keys()], [finished.key]);
    assert.equal(store.claim(cell), false, 'a finished cell is not to be had');
    store.finish({ ...finished, key: 'next' });
    assert.deepEqual([...store.read().keys()], [finished.key, 'next']);
  });
});

it('the mean of a gate is that of draws at even distances', () => {
  const draws = 200_000;
  const uniforms = Float64Array.from({ length: draws }, (_, i) => (i + 0.5) / draws);
  for (const logit of [-8, -4.4, -1, 0, 5e-4, 2]) {
    const gates = binaryConcrete(new Float64Array(draws).fill(logit), uniforms, 1);
    const mean = gates.reduce((sum, gate) => sum + gate, 0) / draws;
    assert.ok(Math.abs(meanGate(logit) - mean) < 1e-6, `at ${logit}: ${meanGate(logit)}, of draws ${mean}`);
  }
});
