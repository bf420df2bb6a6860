import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { examineMachine } from '../../src/index.ts';
import {
  checkDataFolder,
  checkDevice,
  checkDisk,
  checkMemory,
  checkModelFiles,
  checkNode,
} from '../../src/machine/checks.ts';
import { withoutHome } from '../../src/machine/doctor.ts';

const mini = fileURLToPath(new URL('../../models/mini', import.meta.url));

describe('the doctor', () => {
  it('finds this machine ready, and measures its processor', async () => {
    const report = await examineMachine();
    assert.equal(
      report.ready,
      report.checks.every(({ status }) => status !== 'failed'),
    );
    assert.ok(report.ready, JSON.stringify(report.checks));
    const cpu = report.devices.find(({ name }) => name === 'cpu')!;
    assert.ok(cpu.gflops! > 1 && cpu.gflops! < 1e5);
    for (const { available, gflops, reason } of report.devices) {
      assert.equal(available, gflops !== null);
      assert.equal(available, reason === undefined);
    }
    for (const { status, remedy } of report.checks) assert.equal(status === 'ok', remedy === undefined);
  });

  it('wants Node.js 22.18', () => {
    const statuses = ['v20.19.0', 'v22.17.1', 'v22.18.0', 'v24.1.0'].map(version => checkNode(version).status);
    assert.deepEqual(statuses, ['failed', 'failed', 'ok', 'ok']);
  });

  it('needs the processor and no other device', () => {
    const broken = { available: false, gflops: null, reason: 'no driver' };
    assert.equal(checkDevice({ name: 'cpu', ...broken }).status, 'failed');
    const cuda = checkDevice({ name: 'cuda', ...broken });
    assert.equal(cuda.status, 'missing');
    assert.match(cuda.found, /no driver/);
    assert.match(cuda.remedy!, /CUDA/);
  });

  it('says when memory or disk are short', () => {
    const plenty = { memoryBytes: 8e9, availableBytes: 4e9, diskBytes: 9e9 };
    assert.equal(checkMemory(plenty).status, 'ok');
    assert.equal(checkDisk(plenty).status, 'ok');
    assert.equal(checkMemory({ ...plenty, availableBytes: 2e8 }).status, 'failed');
    assert.equal(checkDisk({ ...plenty, diskBytes: 5e8 }).status, 'missing');
    assert.equal(checkDisk({ ...plenty, diskBytes: 5e7 }).status, 'failed');
  });

  it('notices a model file that was changed or is missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 's3delta-doctor-'));
    try {
      cpSync(mini, folder, { recursive: true });
      assert.equal((await checkModelFiles('copy', folder)).status, 'ok');
      appendFileSync(join(folder, 'tokenizer.json'), ' ');
      assert.match((await checkModelFiles('copy', folder)).found, /tokenizer\.json/);
      rmSync(join(folder, 'config.json'));
      assert.equal((await checkModelFiles('copy', folder)).status, 'failed');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('names the folder that holds no data', async () => {
    const { status, found, remedy } = await checkDataFolder(join(tmpdir(), 's3delta-none'));
    assert.equal(status, 'missing');
    assert.match(found, /s3delta-none/);
    assert.match(remedy!, /S3DELTA_SHARED/);
  });

  it('writes the home folder as ~', () => {
    const found = withoutHome({ a: ['/home/me/x', 3], b: { c: 'in /home/me', d: null } }, '/home/me');
    assert.deepEqual(found, { a: ['~/x', 3], b: { c: 'in ~', d: null } });
  });
});
