import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { cellKey, plans, tasks } from '../../bench/encoders/cells.ts';
import { addResult, readResults } from '../../bench/results-file.ts';

describe('cells of the encoders', () => {
  const folder = mkdtempSync(join(tmpdir(), 'encoders-'));
  after(() => rmSync(folder, { recursive: true }));

  it('are each named otherwise, all of a task and seed before the next, the costliest last', () => {
    for (const [name, plan] of Object.entries(plans)) {
      const keys = plan().map(cellKey);
      assert.equal(new Set(keys).size, keys.length, name);
    }
    const places = plans.table!().map(({ task, seed }) => `${task} ${seed}`);
    assert.equal(places.filter((place, i) => place !== places[i - 1]).length, tasks.length * 3 * 2);
    const first = plans.table!().findIndex(({ method }) => method === 'fine-tuning');
    assert.ok(plans.table!().every(({ method }, i) => (method === 'fine-tuning') === i >= first));
  });

  it('of both programs differ in nothing else', () => {
    const cells = plans.table!();
    const theirs = cells.filter(({ program }) => program === 'theirs');
    const ours = new Set(cells.map(cellKey));
    assert.ok(theirs.length > 0);
    for (const cell of theirs) assert.ok(ours.has(cellKey({ ...cell, program: 'ours' })));
  });

  it('are read again after a line that a kill cut short, and added after it', () => {
    const file = join(folder, 'results.jsonl');
    assert.deepEqual(readResults(file), []);
    writeFileSync(file, '{"score":1}\n{"score":');
    assert.deepEqual(readResults(file), [{ score: 1 }]);
    addResult(file, { score: 2 });
    assert.deepEqual(readResults(file), [{ score: 1 }, { score: 2 }]);
  });
});
