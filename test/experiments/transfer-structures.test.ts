import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TransferSettings } from '../../src/config/experiment-settings.ts';
import { compare } from '../../src/experiments/compare-methods.ts';
import { transfer } from '../../src/experiments/transfer-structures.ts';
import type { RunResult } from '../../src/runs/result.ts';
import { readStructure } from '../../src/structure/structure-file.ts';
import { experimentWorkspace, runToEnd } from './support.ts';

const space = experimentWorkspace();
const { order: _, 'eval-every': __, ...training } = space.settings;
const otherDepth = fileURLToPath(new URL('../fixtures/tiny-t5-v1_1', import.meta.url));
const sources = space.out('sources');

before(async () => {
  const tasks = [space.films, space.books];
  const given = { ...space.settings, task: tasks, methods: ['found'], seeds: [0, 1], budget: ['600'] };
  await runToEnd(compare(given, { out: sources }));
});

function carry(given: TransferSettings, out: string) {
  return runToEnd(transfer({ ...training, task: [space.films], budget: ['500'], ...given }, { out }));
}

test('structures of each task, their mean over the other tasks, and a random one, trained on every target', async () => {
  const out = space.out('transfer');
  const { rows, failed } = await carry({ from: [sources], task: [space.films, space.books], seeds: [2] }, out);
  assert.deepEqual(failed, []);
  const names = ['found on books', 'found on films', 'random structure'];
  for (const task of ['films', 'books']) {
    const own = rows.filter(row => row.task === task);
    assert.deepEqual(
      own.map(row => row.label),
      names,
    );
    assert.deepEqual(
      own.map(row => row.isFound),
      [task === 'books', task === 'films', false],
    );
    assert.ok(own.every(row => row.parameters <= 500));
  }
  const folder = join(out, 'books', 'from-films-500', 'seed-2');
  const { structure } = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as RunResult;
  assert.deepEqual(structure.source!.tasks, ['films']);
  assert.equal(structure.source!.files.length, 2);
  const carried = await readStructure(join(folder, 'structure.json'));
  const found = await Promise.all(structure.source!.files.map(readStructure));
  for (const [i, module] of carried.modules.entries()) {
    const mean = (found[0]!.modules[i]!.p! + found[1]!.modules[i]!.p!) / 2;
    assert.equal(module.p, mean);
  }

  // The same sources by another name: from another folder.
  const before = process.cwd();
  process.chdir(dirname(sources));
  const again = await carry({ from: ['sources'], task: [space.films, space.books], seeds: [2] }, out);
  process.chdir(before);
  assert.deepEqual(again.rows, rows);
});

test('a third task gets the mean over both others', async () => {
  const out = space.out('third');
  const own = join(sources, 'films', 'found-order-first-600', 'seed-0');
  const { rows } = await carry({ from: [own, join(sources, 'books')], task: [space.plays] }, out);
  assert.deepEqual(
    rows.map(row => row.label),
    ['found on films', 'found on books', 'found on all other tasks', 'random structure'],
  );
  const p = async (file: string) => (await readStructure(file)).modules.map(module => module.p!);
  const films = await p(join(own, 'structure.json'));
  const books = await Promise.all(
    [0, 1].map(seed => p(join(sources, 'books', 'found-order-first-600', `seed-${seed}`, 'structure.json'))),
  );
  const all = await p(join(out, 'plays', 'from-all-other-tasks-500', 'seed-0', 'structure.json'));
  // Each task counts once, however many seeds it has.
  const expected = films.map((value, i) => (value + (books[0]![i]! + books[1]![i]!) / 2) / 2);
  for (const [i, value] of all.entries()) assert.ok(Math.abs(value - expected[i]!) < 1e-12);
});

test('another model is refused unless it is to be mapped, and then the structure fits it', async () => {
  const out = space.out('mapped');
  await assert.rejects(carry({ from: [sources], model: otherDepth }, out), /found on tiny-t5/);
  assert.equal(existsSync(out), false);
  const { rows } = await carry({ from: [sources], model: otherDepth, map: 'relative' }, out);
  assert.ok(rows.every(row => row.parameters > 0 && row.parameters <= 500));
});

test('a folder without searched structures, a path that is not there, and a structure without its task are refused', async () => {
  const out = space.out('refused');
  await assert.rejects(carry({ from: [join(space.folder, 'films')] }, out), /has searched a structure/);
  await assert.rejects(carry({ from: ['nowhere'] }, out), /nowhere/);
  await assert.rejects(carry({}, out), /no structure/);
  await assert.rejects(carry({ from: [sources], seeds: [2, 2] }, out), /share this folder/);
  await assert.rejects(carry({ from: [sources], space: 'lora' }, out), /space lora/);
  const run = join(sources, 'films', 'found-order-first-600', 'seed-1');
  rmSync(join(run, 'result.json'));
  await assert.rejects(carry({ from: [join(run, 'structure.json')] }, out), /which task/);
  assert.equal(existsSync(out), false);
});
