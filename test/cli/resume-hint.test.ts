import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { withResumeHint } from '../../src/cli/job-output.ts';
import { runFolderOf } from '../../src/cli/settings-args.ts';
import { InputError, InterruptedError, StorageError } from '../../src/core/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-hint-'));
after(() => rmSync(folder, { recursive: true }));
const begun = join(folder, "it's begun");
mkdirSync(begun);
writeFileSync(join(begun, 'config.yaml'), 'task: films\n');
const never = join(folder, 'never');
const many = join(folder, 'many');
mkdirSync(many);
writeFileSync(join(many, 'matrix.yaml'), 'model: mini\n');

const full = new StorageError('the disk is full', { where: 'x', code: 'ENOSPC', remedy: 'make room' });

test('what has begun says how to go on, after an interruption and after a full disk', async () => {
  const goOn = `go on with: s3delta train --resume --out '${folder}/it'\\''s begun'`;
  await assert.rejects(withResumeHint('train', begun, Promise.reject(new InterruptedError('stopped'))), {
    message: `stopped\n→ ${goOn}`,
  });
  await assert.rejects(withResumeHint('train', begun, Promise.reject(full)), {
    message: 'x: the disk is full',
    remedy: `make room, then ${goOn}`,
    code: 'ENOSPC',
    where: 'x',
  });
});

test('what ends otherwise is left as it is', async () => {
  const bug = new TypeError('bug');
  await assert.rejects(withResumeHint('train', begun, Promise.reject(bug)), thrown => thrown === bug);
  assert.equal(await withResumeHint('search', begun, Promise.resolve(5)), 5);
});

test('what has not begun promises nothing', async () => {
  for (const error of [new InterruptedError(), full]) {
    await assert.rejects(withResumeHint('search', never, Promise.reject(error)), thrown => thrown === error);
  }
});

test('to resume what has not begun is to begin it, which is said, or not possible', () => {
  const said: string[] = [];
  const onEvent = (event: { type: string; text?: string }) => said.push(`${event.type} ${event.text}`);
  const at = (out: string, task?: string) =>
    runFolderOf({ out, resume: true }, task === undefined ? {} : { task }, { onEvent });
  assert.deepEqual(at(begun), { out: begun, resume: true });
  assert.deepEqual(said, []);
  assert.deepEqual(at(never, 'films'), { out: never, resume: true });
  assert.match(said.join(), /^warning no run is in .*never/);
  assert.throws(
    () => at(never),
    (error: InputError) => error instanceof InputError && /holds no run/.test(error.message),
  );
});

test('an experiment goes on by its own command: no run begins among its runs', () => {
  for (const settings of [{}, { task: 'films', model: 'mini' }]) {
    assert.throws(
      () => runFolderOf({ resume: true, out: many }, settings, {}),
      (error: InputError) => error.code === 'not-a-run' && /the command that began them/.test(error.remedy!),
    );
  }
});
