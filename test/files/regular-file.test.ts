import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readConfigFile } from '../../src/config/config-file.ts';
import { InputError } from '../../src/core/errors.ts';
import { readInputs } from '../../src/data/read-inputs.ts';
import { readRows } from '../../src/data/rows/read-rows.ts';
import { loadTokenizer } from '../../src/data/tokenizer/load-tokenizer.ts';
import { readCheckpointIndex } from '../../src/files/checkpoint-files.ts';
import { isThere, openFile, openToAppend, readBytes, readBytesSync } from '../../src/files/regular-file.ts';
import { readSafetensorsHeader } from '../../src/files/safetensors.ts';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import { readJson } from '../../src/files/text-files.ts';
import { readRun } from '../../src/jobs/report-job.ts';
import { appendMetrics, type MetricsLine, readMetrics, repairMetrics } from '../../src/runs/metrics-log.ts';
import { readResult } from '../../src/runs/result.ts';
import { requireFreshFolder, requireRun, runFolder } from '../../src/runs/run-folder.ts';
import { readLock, requireNotHeld, whileHolding } from '../../src/runs/run-lock.ts';
import { appendHistory, readHistory, repairHistory } from '../../src/runs/search-history.ts';
import { summarize } from '../../src/serve/run-index.ts';
import { readStructure } from '../../src/structure/structure-file.ts';
import { checkpointFile } from '../../src/training/checkpoint.ts';

const skip = process.platform === 'win32' && 'this system has no such files';

/** What is no file, and what is said of it. */
const kinds: Readonly<Record<string, { make(t: TestContext, path: string): unknown; says: RegExp }>> = {
  folder: { make: (_, path) => mkdirSync(path), says: /this is a folder, not a file/ },
  pipe: { make: (_, path) => spawnSync('mkfifo', [path]), says: /this is a (pipe|socket, a pipe or a device), not a/ },
  device: { make: (_, path) => symlinkSync('/dev/zero', path), says: /this is a device, not a file/ },
  terminal: { make: (_, path) => symlinkSync('/dev/ptmx', path), says: /this is a device, not a file/ },
  socket: {
    make: (t, path) =>
      new Promise<void>(done => {
        const server = createServer().listen(path, () => done());
        t.after(() => server.close());
      }),
    says: /this is a socket/,
  },
  link: { make: (_, path) => symlinkSync('nowhere', path), says: /this is a link to nowhere, which is not there/ },
};

async function refused(work: () => unknown, path: string, says: RegExp): Promise<void> {
  await assert.rejects(
    async () => work(),
    (error: unknown) => {
      assert.ok(error instanceof InputError, String((error as Error).stack));
      assert.equal(error.where, path);
      assert.match(error.message, says);
      assert.match(error.remedy!, /remove/);
      return true;
    },
  );
}

/** A file of each name, under which something else is found. */
const readers: Readonly<Record<string, (path: string, folder: string) => unknown>> = {
  'a.txt': path => readBytes(path),
  'b.txt': path => readBytesSync(path),
  'c.txt': path => openFile(path),
  'd.txt': path => openToAppend(path),
  'a.json': path => readJson(path),
  'a.yaml': path => readConfigFile(path),
  'a.tsv': path => readRows(path),
  'a.parquet': path => readRows(path),
  'b.csv': path => readInputs(path).next(),
  'a.safetensors': path => readSafetensorsHeader(path),
  'b.safetensors': path => readSafetensors(path),
  'c.safetensors': path => checkpointFile(path).load(),
  'model.safetensors': (_, folder) => readCheckpointIndex(folder),
  'tokenizer.json': (_, folder) => loadTokenizer(folder),
  'metrics.jsonl': path => readMetrics(path),
  'm1/metrics.jsonl': path => repairMetrics(path),
  'm2/metrics.jsonl': path => appendMetrics(path, {} as MetricsLine),
  'search-history.jsonl': path => readHistory(path),
  'h1/search-history.jsonl': path => repairHistory(path),
  'h2/search-history.jsonl': path => appendHistory(path, 1, { worth: Float64Array.of(1) }),
  'structure.json': path => readStructure(path),
  'result.json': path => readResult(path),
  'lock.json': path => readLock(path),
  'l1/lock.json': (_, folder) => requireNotHeld(runFolder(folder)),
  'l2/lock.json': (_, folder) => whileHolding(runFolder(folder), async () => assert.fail('never called')),
  'r1/result.json': (_, folder) => readRun(folder),
};

for (const [kind, { make, says }] of Object.entries(kinds)) {
  test(`a ${kind} in place of a file is refused by its name, at once, wherever a file is read or appended to`, {
    skip,
    timeout: 30_000,
  }, async t => {
    const base = mkdtempSync(join(tmpdir(), 's3d-'));
    for (const [name, read] of Object.entries(readers)) {
      const path = join(base, name);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(join(path, '..', 'config.yaml'), 'model: mini\ntask: rte\n');
      await make(t, path);
      assert.ok(isThere(path));
      await refused(() => read(path, join(path, '..')), path, says);
    }
    assert.equal(existsSync(join(base, 'nowhere')), false);
  });
}

test('a run folder whose config.yaml is no file is no fresh one, and the list of runs has it as damaged', {
  skip,
  timeout: 30_000,
}, async t => {
  for (const [kind, { make, says }] of Object.entries(kinds)) {
    const folder = runFolder(mkdtempSync(join(tmpdir(), `s3d-${kind}-`)));
    await make(t, folder.config);
    assert.throws(() => requireFreshFolder(folder), /already holds a run/);
    requireRun(folder);
    await refused(() => readConfigFile(folder.config), folder.config, says);
    const files = { fingerprint: '', changed: 0, hasResult: false, hasLink: false };
    assert.equal(summarize('a', folder, false, files).state, 'damaged');
  }
});

test('a file is read through a link, appended to, and made', { skip }, async () => {
  const base = mkdtempSync(join(tmpdir(), 's3d-'));
  const [path, link] = [join(base, 'a.jsonl'), join(base, 'link')];
  appendMetrics(path, { stage: 'search', step: 1 } as MetricsLine);
  symlinkSync(path, link);
  appendMetrics(link, { stage: 'search', step: 2 } as MetricsLine);
  assert.deepEqual(await readBytes(link), readFileSync(path));
  assert.deepEqual(readBytesSync(link), readFileSync(path));
  assert.equal(readMetrics(link).length, 2);
  assert.equal(isThere(join(base, 'none')), false);
  assert.equal(isThere(join(path, 'below')), false);
  assert.equal(isThere(join(base, 'x'.repeat(300))), false);
  assert.deepEqual(readMetrics(join(base, 'none')), []);
});
