import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { appendHistory, beginHistory, keptAt, readHistory, repairHistory } from '../../src/runs/search-history.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { largeSites } from '../structure/t5-large.ts';

const base = mkdtempSync(join(tmpdir(), 's3delta-history-'));
const candidates = listSpace(largeSites, 'lora').slice(0, 3);
const space = { candidates, budget: 2 * candidates[0]!.parameters, keepInert: false };

async function begun(name: string): Promise<string> {
  const file = join(base, name);
  await beginHistory(file, space);
  return file;
}

test('a history names its candidates, and its moments come back in order, to four digits', async () => {
  const file = await begun('a.jsonl');
  appendHistory(file, 10, { probabilities: Float64Array.of(0.123456, 1e-7, 1) });
  appendHistory(file, 20, { probabilities: Float64Array.of(0.5, 0.25, 0) });
  const history = readHistory(file)!;
  assert.equal(history.budget, space.budget);
  assert.deepEqual(
    history.candidates.map(({ site, role, place }) => [site, role, place]),
    candidates.map(({ site }) => [site.name, site.role, site.place]),
  );
  assert.deepEqual(history.lines, [
    { step: 10, p: [0.1235, 1e-7, 1] },
    { step: 20, p: [0.5, 0.25, 0] },
  ]);
});

test('one that has begun is not begun again', async () => {
  const file = await begun('b.jsonl');
  appendHistory(file, 5, { probabilities: Float64Array.of(0, 0, 0) });
  await beginHistory(file, { ...space, budget: 1 });
  assert.deepEqual([readHistory(file)!.budget, readHistory(file)!.lines.length], [space.budget, 1]);
});

test('a step done again counts once, a line cut short or of another search is left out', async () => {
  const file = await begun('c.jsonl');
  appendHistory(file, 20, { probabilities: Float64Array.of(0, 0, 0) });
  appendHistory(file, 10, { probabilities: Float64Array.of(0, 0, 1) });
  appendHistory(file, 20, { probabilities: Float64Array.of(1, 0, 0) });
  appendHistory(file, 30, { probabilities: Float64Array.of(1, 0) });
  appendFileSync(file, '{"step":-1,"p":[1,1,1]}\n{"step":40,"p":[1,');
  const lines = [
    { step: 10, p: [0, 0, 1] },
    { step: 20, p: [1, 0, 0] },
  ];
  assert.deepEqual(readHistory(file)!.lines, lines);
  await repairHistory(file);
  appendHistory(file, 40, { probabilities: Float64Array.of(0, 1, 0) });
  assert.deepEqual(readHistory(file)!.lines, [...lines, { step: 40, p: [0, 1, 0] }]);
  assert.equal(readFileSync(file, 'utf8').trim().split('\n').length, 4);
});

test('no file, or one without its opening, is no history', async () => {
  assert.equal(readHistory(join(base, 'none.jsonl')), undefined);
  await repairHistory(join(base, 'none.jsonl'));
  const file = join(base, 'd.jsonl');
  writeFileSync(file, '{"step":10,"p":[1]}\n');
  assert.equal(readHistory(file), undefined);
  await repairHistory(file);
  assert.equal(readFileSync(file, 'utf8'), '{"step":10,"p":[1]}\n');
});

test('what would be kept at a moment is what fits by falling p', async () => {
  const file = await begun('e.jsonl');
  const history = readHistory(file)!;
  assert.deepEqual(keptAt(history, { step: 1, p: [0.1, 0.3, 0.2] }), [false, true, true]);
  assert.deepEqual(keptAt(history, { step: 1, p: [0.2, 0.2, 0.2] }), [true, true, false]);
  const inert = { ...history, candidates: history.candidates.map((each, i) => ({ ...each, inert: i === 1 })) };
  assert.deepEqual(keptAt(inert, { step: 1, p: [0.1, 0.3, 0.2] }), [true, false, true]);
});

test('a search without probabilities tells what its candidates are worth, and the choice goes by that', async () => {
  const file = await begun('f.jsonl');
  appendHistory(file, 2, { worth: Float64Array.of(-2.34567, 20, 7) });
  appendFileSync(file, '{"step":3}\n{"step":4,"p":[1,1,1],"worth":[1,1,1]}\n{"step":5,"worth":[1]}\n');
  const history = readHistory(file)!;
  assert.deepEqual(history.lines, [{ step: 2, worth: [-2.346, 20, 7] }]);
  assert.deepEqual(keptAt(history, history.lines[0]!), [false, true, true]);
});
