import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { InputError } from '../../../src/core/errors.ts';
import { type Cell, cellId } from '../../../src/experiments/cell.ts';
import {
  chosenExecutor,
  executorFlags,
  executorKeys,
  executors,
} from '../../../src/experiments/executors/executors.ts';

const cell: Cell = {
  ...{ task: 'rte', method: 'lora', label: 'LoRA', variant: '', budget: null, seed: 3, isFound: false },
  ...{ folder: 'out/rte/lora/seed-3', job: 'train', settings: { model: 'mini', method: 'lora', seed: 3 } },
};
const derive = {
  by: 'mean' as const,
  from: [['a/structure.json']],
  budget: '600',
  keepInert: false,
  to: 'out/made.json',
};

test('a cell is named by what it computes: not by the order of its keys, its folder, or how it computes', () => {
  const id = cellId(cell);
  assert.match(id, /^[0-9a-f]{32}$/);
  const same: Cell[] = [
    { ...cell, folder: 'elsewhere' },
    { ...cell, label: 'another word in tables' },
    { ...cell, settings: { seed: 3, method: 'lora', model: 'mini', threads: 4, device: 'cpu', plugins: ['p.ts'] } },
  ];
  for (const other of same) assert.equal(cellId(other), id);
});

test('another setting, job, seed or source makes another cell', () => {
  const made = { ...cell, derive };
  const cells: Cell[] = [
    ...[cell, made, { ...cell, seed: 4 }, { ...cell, method: 'bitfit' }, { ...cell, job: 'search' as const }],
    ...[{ lr: 0.1 }, { lr: 0.2 }, { model: 't5-base' }].map(more => ({
      ...cell,
      settings: { ...cell.settings, ...more },
    })),
    { ...made, derive: { ...derive, budget: '700' } },
    { ...made, derive: { ...derive, from: [['b/structure.json']] } },
  ];
  assert.equal(new Set(cells.map(cellId)).size, cells.length);
});

test('a cell whose structure is still to be made keeps its name when the structure is there', () => {
  const made: Cell = { ...cell, settings: { ...cell.settings, structure: 'out/made.json' }, derive };
  const there: Cell = { ...made, settings: { ...cell.settings, structure: resolve('out/made.json') } };
  assert.equal(cellId(made), cellId(there));
});

test('who does the runs is said again, but for where a queue is: that may hold a password', () => {
  assert.deepEqual(executorFlags({ processes: 4 }), { processes: 4 });
  const given = { executor: 'postgres', queue: 'postgres://me:secret@host/db', retries: 3 };
  assert.deepEqual(executorFlags(given), { executor: 'postgres', retries: 3 });
});

test('every executor has keys with their help, and refuses what is of others', () => {
  const keys = executorKeys();
  for (const { name, options } of executors) {
    for (const option of Object.keys(options.shape)) {
      assert.ok(keys[option]!.meta()!.description!.includes(name), option);
      const strangers = executors.filter(other => !Object.hasOwn(other.options.shape, option));
      const value = ['1', '60'].find(each => keys[option]!.safeParse(each).success) ?? true;
      for (const stranger of strangers) {
        assert.throws(
          () => chosenExecutor({ executor: stranger.name, [option]: value }),
          (error: InputError) => error.code === 'option-of-another-executor' && error.message.includes(name),
        );
      }
    }
  }
  assert.equal(chosenExecutor().kind, executors[0]);
  assert.deepEqual(chosenExecutor({ processes: '3' }).options, { processes: 3 });
  assert.throws(() => chosenExecutor({ executor: 'hear' }), InputError);
  assert.ok(Object.values(keys).every(schema => schema instanceof z.ZodOptional));
});
