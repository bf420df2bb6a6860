import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { withIncomplete } from '../../src/hub/download.ts';
import { fetchSnapshot } from '../../src/hub/snapshot.ts';
import { type HubServer, startHub, withEnvironment } from './hub-server.ts';

const large = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 251));
const blobName = createHash('sha256').update(large).digest('hex');

async function place(t: TestContext): Promise<{ hub: HubServer; blobs: string }> {
  const hub = await startHub(t, { repository: 'models/org/name', files: { 'weights.bin': large } });
  const home = mkdtempSync(join(tmpdir(), 's3delta-hub-'));
  t.after(() => rmSync(home, { recursive: true }));
  withEnvironment(t, { HF_ENDPOINT: hub.url, HF_HUB_CACHE: home, HF_TOKEN: undefined, HF_HUB_OFFLINE: undefined });
  return { hub, blobs: join(home, 'models--org--name', 'blobs') };
}

const fetch = () => fetchSnapshot({ type: 'model', name: 'org/name', revision: 'main' }, paths => paths);

const childScript = fileURLToPath(new URL('./download-child.ts', import.meta.url));

function startChild(): ChildProcess {
  return spawn(process.execPath, [childScript], { stdio: ['ignore', 'pipe', 'inherit'] });
}

test('processes and calls that download one file at a time do not disturb one another', async t => {
  const { hub, blobs } = await place(t);
  hub.gatherNext(4);
  const children = [startChild(), startChild()].map(child => text(child.stdout!));
  const folders = await Promise.all([...children, fetch(), fetch()]);
  for (const folder of folders) assert.deepEqual(readFileSync(join(folder.trim(), 'weights.bin')), large);
  assert.deepEqual(readdirSync(blobs), [blobName]);
});

test('what a killed process has left is gone on with at once, and what a living one writes is left to it', async t => {
  const { hub, blobs } = await place(t);
  hub.stallNext(60_000);
  const child = startChild();
  const sizes = () => (existsSync(blobs) ? readdirSync(blobs).map(name => statSync(join(blobs, name)).size) : []);
  while (!sizes().includes(60_000)) await setTimeout(20);
  const [left] = readdirSync(blobs) as [string];
  await withIncomplete(join(blobs, blobName), async path => {
    assert.equal(existsSync(path), false);
    assert.ok(existsSync(join(blobs, left)));
  });
  child.kill('SIGKILL');
  await once(child, 'close');
  hub.requests.length = 0;
  assert.deepEqual(readFileSync(join(await fetch(), 'weights.bin')), large);
  assert.ok(hub.requests.some(({ range }) => range === 'bytes=60000-199999'));
  assert.deepEqual(readdirSync(blobs), [blobName]);
});

test("of several that were left the largest is taken; another machine's only when nothing has come for long", async t => {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-incomplete-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const blob = join(folder, 'a'.repeat(64));
  const deadPid = spawnSync(process.execPath, ['--version']).pid;
  const ownName = await withIncomplete(blob, async path => path);
  const uuid = ownName.slice(-'00000000-0000-0000-0000-000000000000.incomplete'.length);
  const here = ownName.slice(blob.length + 1).split('-')[0]!;
  const elsewhere = here === '00000000' ? '11111111' : '00000000';
  const leave = (name: string, content: string, hoursAgo = 0) => {
    writeFileSync(join(folder, name), content);
    const time = Date.now() / 1000 - 3600 * hoursAgo;
    utimesSync(join(folder, name), time, time);
    return name;
  };
  const fromElsewhere = leave(`${'a'.repeat(64)}.${elsewhere}-1-${uuid}`, 'abcdef');
  const anothers = leave(`${'b'.repeat(64)}.${here}-${deadPid}-${uuid}`, 'another blob');
  const otherTools = leave(`${'a'.repeat(64)}.incomplete`, 'of another tool', 2);
  leave(`${'a'.repeat(64)}.${here}-${deadPid}-${uuid}`, 'ab');
  leave(`${'a'.repeat(64)}.${here}-${process.pid}-${uuid}`, 'abcd');
  const kept = [fromElsewhere, anothers, otherTools];
  await withIncomplete(blob, async path => {
    assert.equal(readFileSync(path, 'utf8'), 'abcd');
    assert.equal(readdirSync(folder).length, kept.length + 1);
    assert.ok(kept.every(name => existsSync(join(folder, name))));
    leave(fromElsewhere, 'abcdef', 2);
    await withIncomplete(blob, async second => assert.equal(readFileSync(second, 'utf8'), 'abcdef'));
    assert.equal(readFileSync(path, 'utf8'), 'abcd');
  });
});

const noLimit = process.platform === 'win32' && 'this system has no limit to the size of files';
test('a disk that takes no more is told as such, and what it took stays', { skip: noLimit }, async t => {
  const { blobs } = await place(t);
  const limited = ['-c', 'trap "" XFSZ; ulimit -f 100; exec "$@"', 'sh', process.execPath, childScript];
  const child = spawn('sh', limited, { stdio: ['ignore', 'ignore', 'pipe'] });
  assert.match(
    await text(child.stderr),
    /StorageError: .*blobs.*: the file would be larger than this file system allows/,
  );
  const [left] = readdirSync(blobs) as [string];
  assert.ok(statSync(join(blobs, left)).size > 0);
  assert.deepEqual(readFileSync(join(await fetch(), 'weights.bin')), large);
});
