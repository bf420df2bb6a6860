import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordHistory } from '../../src/jobs/search-stage.ts';
import { beginHistory, readHistory } from '../../src/runs/search-history.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { largeSites } from '../structure/t5-large.ts';

const base = mkdtempSync(join(tmpdir(), 's3delta-record-'));
const candidates = listSpace(largeSites, 'lora').slice(0, 2);

/** The steps in the history after a search of so many steps, evaluated every so many, begun at a step. */
async function recorded(name: string, steps: number, every: number, from = 0): Promise<number[]> {
  const file = join(base, name);
  await beginHistory(file, { candidates, budget: 1e6, keepInert: false });
  const record = recordHistory(file);
  record({ type: 'stage', stage: 'search' });
  for (let step = from; step <= steps; step++) {
    const probabilities = Float64Array.of(step / steps, 1 - step / steps);
    if (step > from)
      record({ type: 'step', stage: 'search', step, steps, loss: 1, tokens: 1, seconds: 1, probabilities });
    if (step % every === 0) record({ type: 'evaluation', stage: 'search', step, steps, score: 1, best: 1 });
  }
  return readHistory(file)!.lines.map(line => line.step);
}

test('a short search is kept step by step', async () => {
  assert.deepEqual(await recorded('a', 5, 2), [1, 2, 3, 4, 5]);
});

test('a long one evenly, and at every evaluation', async () => {
  const steps = await recorded('b', 1000, 25);
  assert.equal(steps.length, 120);
  for (const step of [10, 20, 25, 30, 75, 1000]) assert.ok(steps.includes(step), String(step));
});

test('one that goes on right at an evaluation has no probabilities to tell there, and takes them up after it', async () => {
  assert.deepEqual(await recorded('c', 300, 50, 294), [297, 300]);
});

test('what is told again after a crash is not written twice: the same bytes as without one', async () => {
  const search = async (name: string, ...parts: (readonly [number, number])[]) => {
    const file = join(base, name);
    for (const [from, to] of parts) {
      await beginHistory(file, { candidates, budget: 1e6, keepInert: false });
      const record = recordHistory(file);
      for (let step = from; step <= to; step++) {
        const common = { stage: 'search', step, steps: 300 } as const;
        const probabilities = Float64Array.of(step / 300, 1 - step / 300);
        const evaluates = step % 50 === 0;
        record({ type: 'step', ...common, loss: 1, tokens: 1, seconds: 1, probabilities, evaluates });
        if (evaluates && step < to) record({ type: 'evaluation', ...common, score: 1, best: 1 });
      }
    }
    return readFileSync(file, 'utf8');
  };
  const whole = await search('whole', [1, 300]);
  assert.equal(whole.trim().split('\n').length, 1 + 100 + 4);
  assert.equal(await search('crashed', [1, 158], [121, 205], [200, 300]), whole);
  // Stopped between a step and its evaluation, which comes first when it goes on.
  const file = join(base, 'between');
  await search('between', [1, 250]);
  recordHistory(file)({ type: 'evaluation', stage: 'search', step: 250, steps: 300, score: 1, best: 1 });
  assert.equal(readHistory(file)!.lines.at(-1)!.step, 250);
  assert.equal(await search('between', [251, 300]), whole);
});

test('steps of a training have none', async () => {
  const file = join(base, 'd');
  await beginHistory(file, { candidates, budget: 1e6, keepInert: false });
  const record = recordHistory(file);
  record({ type: 'step', stage: 'retrain', step: 1, steps: 1, loss: 1, tokens: 1, seconds: 1 });
  record({ type: 'evaluation', stage: 'retrain', step: 1, steps: 1, score: 1, best: 1 });
  assert.deepEqual(readHistory(file)!.lines, []);
});

test('a search that knows what its candidates are worth, but no probabilities, has that kept', async () => {
  const file = join(base, 'e');
  await beginHistory(file, { candidates, budget: 1e6, keepInert: false });
  const record = recordHistory(file);
  const worth = Float64Array.of(12, -4);
  record({ type: 'step', stage: 'search', step: 1, steps: 1, loss: 1, tokens: 1, seconds: 1, worth });
  assert.deepEqual(readHistory(file)!.lines, [{ step: 1, worth: [12, -4] }]);
});
