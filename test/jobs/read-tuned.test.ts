import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { layoutOf } from '../../src/deltas/layout.ts';
import { writeFileWhole } from '../../src/files/write-whole.ts';
import { readTuned } from '../../src/jobs/load-tuned.ts';
import { writeDelta } from '../../src/library/delta-file.ts';
import { drawStructure } from '../../src/library/structures.ts';
import { createRunFolder, runFolder } from '../../src/runs/run-folder.ts';
import { keptModules, writeStructure } from '../../src/structure/structure-file.ts';
import { tiny } from '../library/films.ts';

const structure = drawStructure(tiny, { space: 'mixed', budget: '800', 'keep-inert': false, seed: 1 });
const layout = layoutOf(keptModules(structure, tiny));
const delta = Float32Array.from({ length: layout.size }, (_, i) => Math.sin(i));

async function run() {
  const folder = runFolder(mkdtempSync(join(tmpdir(), 's3delta-tuned-')));
  createRunFolder(folder);
  await writeFileWhole(folder.config, 'task: films\n');
  await writeStructure(folder.structure, structure);
  await writeDelta(folder.delta, tiny, layout, delta);
  return folder;
}

test('a run gives back the structure and the parameters it has written', async () => {
  const { path } = await run();
  assert.deepEqual(await readTuned(path, tiny), { structure, delta });
});

test('a folder without a run, a run not trained yet and one of another model are refused', async () => {
  await assert.rejects(readTuned(mkdtempSync(join(tmpdir(), 's3delta-none-')), tiny), /holds no run/);
  const folder = await run();
  await assert.rejects(readTuned(folder.path, { ...tiny, name: 'other', fingerprint: 'x' }), InputError);
  rmSync(folder.delta);
  await assert.rejects(readTuned(folder.path, tiny), (error: InputError) => {
    return error instanceof InputError && error.code === 'unfinished-run';
  });
});
