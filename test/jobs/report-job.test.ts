import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { writeFileWhole } from '../../src/files/write-whole.ts';
import { readRun, readRunView, writeReport } from '../../src/jobs/report-job.ts';
import { drawStructure } from '../../src/library/structures.ts';
import { quantityOf } from '../../src/report/quantities.ts';
import { type RunResult, writeResult } from '../../src/runs/result.ts';
import { createRunFolder, runFolder } from '../../src/runs/run-folder.ts';
import { writeStructure } from '../../src/structure/structure-file.ts';
import { tiny } from '../library/films.ts';
import { writeRun } from '../serve/synthetic-runs.ts';

const structure = drawStructure(tiny, { space: 'lora', budget: '400', 'keep-inert': false, seed: 2 });
const result: RunResult = {
  task: 'films',
  model: 'tiny-t5',
  seed: 2,
  budget: { parameters: 400, fraction: 0.01 },
  structure: { modules: 3, parameters: 390 },
  resources: {},
};

async function begun() {
  const folder = runFolder(mkdtempSync(join(tmpdir(), 's3delta-report-')));
  createRunFolder(folder);
  await writeFileWhole(folder.config, 'task: films\n');
  return folder;
}

test('a run is read back as it was written', async () => {
  const folder = await begun();
  await writeStructure(folder.structure, structure);
  await writeResult(folder.result, result);
  assert.deepEqual(await readRun(folder.path), { folder, result, structure });
});

test('a folder without a run is refused, and one that has only begun says how to go on', async () => {
  await assert.rejects(readRun(mkdtempSync(join(tmpdir(), 's3delta-none-'))), /holds no run/);
  const folder = await begun();
  await assert.rejects(readRun(folder.path), (error: InputError) => {
    return error instanceof InputError && error.remedy!.includes(`search --resume --out ${folder.path}`);
  });
  await writeFileWhole(folder.config, 'task: films\nmethod: lora\n');
  await assert.rejects(readRun(folder.path), (error: InputError) => {
    return error.remedy!.includes(`train --resume --out ${folder.path}`);
  });
});

test('the report is a page and a picture with every candidate, also before anything is scored', async () => {
  const folder = await begun();
  await writeReport({ folder, result, structure });
  const picture = readFileSync(folder.heatmap, 'utf8');
  for (const { site } of structure.modules) assert.ok(picture.includes(`<title>${site} LoRA`), site);
  const page = readFileSync(folder.report, 'utf8');
  assert.match(page, /task: films/);
  // The code that it carries may say undefined, its content may not.
  assert.doesNotMatch(page.replaceAll(/<script>[\s\S]*?<\/script>/g, '') + picture, /NaN|undefined/);
});

test('pictures are written as SVG, and as PNG where asked', async () => {
  const folder = await begun();
  const names = (paths: string[]) => paths.map(path => basename(path));
  assert.deepEqual(names(await writeReport({ folder, result, structure })), [
    'report.html',
    'heatmap.svg',
    'curves.svg',
  ]);
  const files = await writeReport({ folder, result, structure }, { png: true });
  assert.deepEqual(names(files).slice(3), ['heatmap.png', 'curves.png']);
  for (const path of files.slice(3)) {
    assert.deepEqual([...readFileSync(path).subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  }
});

test('a search that has no probabilities is shown by ranks of worth, as it goes on and when it has ended', async () => {
  const root = mkdtempSync(join(tmpdir(), 's3delta-report-'));
  const run = writeRun(root, 'ended', { worthOnly: true });
  await writeReport(await readRun(run.path));
  assert.match(readFileSync(run.heatmap, 'utf8'), />films on tiny-t5: rank of every candidate by worth</);
  const page = readFileSync(run.report, 'utf8');
  const [, json] = /<script type="application\/json" id="exploration">(.*?)<\/script>/s.exec(page)!;
  const { quantity, maximum, modules, moments } = JSON.parse(json!);
  assert.deepEqual([quantity, maximum], ['rank of worth', 1]);
  assert.equal(moments.length, 10);
  for (const values of [modules.map((each: { value: number }) => each.value), ...moments.map(valuesOf)]) {
    assert.deepEqual([Math.min(...values), Math.max(...values)], [0, 1]);
    assert.ok(new Set(values).size > 10, 'no zeros and ones alone');
  }
  assert.doesNotMatch(page.replaceAll(/<script>[\s\S]*?<\/script>/g, ''), /probability|p lie outside/);
  const { result: none, modules: soFar } = await readRunView(writeRun(root, 'on', { worthOnly: true, done: 50 }));
  assert.equal(none, undefined);
  assert.equal(quantityOf(soFar).name, 'rank of worth');
});

const valuesOf = ({ values }: { readonly values: readonly number[] }) => values;
