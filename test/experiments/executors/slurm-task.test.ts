import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Cell, cellId } from '../../../src/experiments/cell.ts';
import { arrayFiles, writeArray } from '../../../src/experiments/executors/slurm/array-files.ts';
import { listCells } from '../../../src/experiments/list-cells.ts';
import { sharedLoaders } from '../../../src/experiments/shared-loaders.ts';
import { runFolder } from '../../../src/runs/run-folder.ts';
import { experimentWorkspace } from '../support.ts';

// A task as Slurm starts it, without Slurm.
const program = fileURLToPath(new URL('../../../src/cli/slurm-task.ts', import.meta.url));
const space = experimentWorkspace();

async function arrayOf(
  out: string,
): Promise<{ cells: readonly Cell[]; run(index: number): number | null; error: string }> {
  const given = { ...space.settings, task: [space.films], methods: ['lora', 'bitfit'], seeds: [0] };
  const { phases } = await listCells(given, space.out(out), sharedLoaders());
  const cells = phases.flat();
  await writeArray(space.out(out), { name: 's3delta-test', cells, script: '' });
  const files = arrayFiles(space.out(out), 's3delta-test');
  const run = (index: number) => {
    return spawnSync(process.execPath, [program, files.cells, String(index)], { encoding: 'utf8' }).status;
  };
  return { cells, run, error: files.error(0) };
}

/** As a process leaves it that was lost with its machine. */
function lockedBy(cell: Cell, holder: object): void {
  mkdirSync(cell.folder, { recursive: true });
  writeFileSync(runFolder(cell.folder).lock, JSON.stringify({ id: 'a', since: '2026-11-29', ...holder }));
}

const lost = { pid: 4242, host: 'a-node-that-died', birth: null };

test('a task does the cell of its number', async () => {
  const { cells, run } = await arrayOf('numbered');
  assert.equal(run(1), 0);
  assert.deepEqual(
    cells.map(cell => existsSync(runFolder(cell.folder).result)),
    [false, true],
  );
});

test('the lock of the attempt before, which died with its node, does not stop the next one', async () => {
  const { cells, run } = await arrayOf('lost');
  lockedBy(cells[0]!, lost);
  writeFileSync(join(space.out('lost'), 'slurm', `${cellId(cells[0]!)}.attempt`), JSON.stringify(lost));
  assert.equal(run(0), 0);
  assert.ok(existsSync(runFolder(cells[0]!.folder).result));
});

test("anybody else's lock does: the task fails with the reason in its file, which the next attempt removes", async () => {
  const { cells, run, error } = await arrayOf('held');
  const { lock, result } = runFolder(cells[0]!.folder);
  lockedBy(cells[0]!, { ...lost, host: 'a-node-at-work' });
  writeFileSync(join(space.out('held'), 'slurm', `${cellId(cells[0]!)}.attempt`), JSON.stringify(lost));
  assert.equal(run(0), 1);
  assert.match(readFileSync(error, 'utf8'), /process 4242 on a-node-at-work works on this run/);
  assert.match(readFileSync(lock, 'utf8'), /a-node-at-work/);
  lockedBy(cells[0]!, { pid: 2 ** 22 + 1, host: hostname(), birth: null });
  assert.equal(run(0), 0);
  assert.deepEqual([existsSync(error), existsSync(result)], [false, true]);
});
