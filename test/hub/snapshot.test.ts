import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scanCacheDir } from '@huggingface/hub';
import { InputError } from '../../src/core/errors.ts';
import { parseRepository, type Repository } from '../../src/hub/connection.ts';
import type { DownloadProgress } from '../../src/hub/download.ts';
import { type DownloadOptions, fetchSnapshot } from '../../src/hub/snapshot.ts';
import { type Files, type HubServer, type HubSettings, startHub, withEnvironment } from './hub-server.ts';

const large = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 251));
const files = { 'config.json': '{}', 'weights.bin': large, 'folder/empty.txt': '', 'folder/other.txt': 'not wanted' };
const repository: Repository = { type: 'model', name: 'org/name', revision: 'main' };
const choose = (paths: readonly string[]) => paths.filter(path => !path.endsWith('other.txt'));

interface Place {
  readonly hub: HubServer;
  /** The repository's folder in a cache of the test's own. */
  readonly cache: string;
  fetch(options?: DownloadOptions, which?: Repository): Promise<string>;
}

async function place(t: TestContext, settings: Partial<HubSettings> = {}): Promise<Place> {
  const hub = await startHub(t, { repository: 'models/org/name', files, ...settings });
  const home = mkdtempSync(join(tmpdir(), 's3delta-hub-'));
  t.after(() => rmSync(home, { recursive: true }));
  const environment = { HF_ENDPOINT: hub.url, HF_HOME: home, HF_TOKEN: undefined, HF_HUB_OFFLINE: undefined };
  withEnvironment(t, { ...environment, HF_HUB_CACHE: undefined, HUGGINGFACE_HUB_CACHE: undefined });
  const cache = join(home, 'hub', 'models--org--name');
  return { hub, cache, fetch: (options, which = repository) => fetchSnapshot(which, choose, options) };
}

async function refused(what: Promise<unknown>, message: RegExp, remedy: RegExp): Promise<void> {
  await assert.rejects(what, (error: unknown) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, message);
    assert.match(error.remedy!, remedy);
    return true;
  });
}

const contentRequests = ({ requests }: HubServer) => requests.filter(({ range }) => range !== 'bytes=0-0');

test('what a user names: org/name, a revision, and what must be a path', () => {
  assert.deepEqual(parseRepository('org/na.me-1', 'model'), { type: 'model', name: 'org/na.me-1', revision: 'main' });
  assert.deepEqual(parseRepository('org/name@refs/convert/parquet', 'dataset')?.revision, 'refs/convert/parquet');
  for (const path of [
    'name',
    './org/name',
    'a/b/c',
    '../name',
    '/org/name',
    'org/name@',
    'org/name@../x',
    'org\\name',
    '',
  ]) {
    assert.equal(parseRepository(path, 'model'), undefined, path);
  }
});

test('a snapshot is downloaded once, into the layout that all of the tools share, and tells how far it is', async t => {
  const { hub, cache, fetch } = await place(t);
  const told: DownloadProgress[] = [];
  const folder = await fetch({ onDownload: progress => told.push(progress) });
  assert.deepEqual(readFileSync(join(folder, 'weights.bin')), large);
  assert.equal(readFileSync(join(folder, 'config.json'), 'utf8'), '{}');
  assert.equal(readFileSync(join(folder, 'folder/empty.txt'), 'utf8'), '');
  assert.deepEqual(readdirSync(join(folder, 'folder')), ['empty.txt']);
  const commit = readFileSync(join(cache, 'refs/main'), 'utf8');
  assert.equal(folder, join(cache, 'snapshots', commit));
  assert.ok(lstatSync(join(folder, 'weights.bin')).isSymbolicLink());
  assert.match(readlinkSync(join(folder, 'folder/empty.txt')), /^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/);
  assert.match(realpathSync(join(folder, 'weights.bin')), /blobs[/\\][0-9a-f]{64}$/);
  assert.deepEqual(told.at(-1), { path: 'weights.bin', bytes: 200_000, size: 200_000 });
  assert.ok(
    hub.requests.some(({ path }) => path.startsWith('/cdn/')),
    'large files come by a redirect',
  );

  hub.requests.length = 0;
  assert.equal(await fetch(), folder);
  assert.ok(
    hub.requests.every(({ path }) => path.startsWith('/api/')),
    'nothing is downloaded again',
  );
});

test('a new commit of a branch brings its new files only; the old commit stays', async t => {
  const { hub, fetch } = await place(t);
  const before = await fetch();
  hub.replace({ ...files, 'config.json': '{"new": true}' });
  hub.requests.length = 0;
  const after = await fetch();
  assert.notEqual(after, before);
  assert.equal(readFileSync(join(before, 'config.json'), 'utf8'), '{}');
  assert.equal(readFileSync(join(after, 'config.json'), 'utf8'), '{"new": true}');
  assert.equal(realpathSync(join(after, 'weights.bin')), realpathSync(join(before, 'weights.bin')));
  assert.ok(hub.requests.every(({ path }) => !path.startsWith('/cdn/')));
});

test('a connection that breaks is gone on with where it broke, in this call and in the next', async t => {
  const { hub, cache, fetch } = await place(t, { files: { 'weights.bin': large } });
  hub.breakNext(2, 50_000);
  const folder = await fetch();
  assert.deepEqual(readFileSync(join(folder, 'weights.bin')), large);
  const ranges = contentRequests(hub).flatMap(({ path, range }) => (path.startsWith('/cdn/') ? [range] : []));
  assert.deepEqual(ranges, [undefined, 'bytes=50000-199999', 'bytes=100000-199999']);
  assert.ok(readdirSync(join(cache, 'blobs')).every(name => !name.endsWith('.incomplete')));
});

test('a download that is stopped keeps what has come, and is not taken for a whole one', async t => {
  const { hub, cache, fetch } = await place(t, { files: { 'weights.bin': large } });
  hub.breakNext(9, 60_000);
  const controller = new AbortController();
  await assert.rejects(
    fetch({ signal: controller.signal, onDownload: ({ bytes }) => bytes > 60_000 && controller.abort() }),
    { name: 'AbortError' },
  );
  const [left] = readdirSync(join(cache, 'blobs'));
  assert.match(left!, /\.incomplete$/);
  withEnvironment(t, { HF_HUB_OFFLINE: '1' });
  await refused(fetch(), /the cache has no model of this name/, /unset HF_HUB_OFFLINE/);
  withEnvironment(t, { HF_HUB_OFFLINE: undefined });
  hub.requests.length = 0;
  hub.breakNext(0, 0);
  assert.deepEqual(readFileSync(join(await fetch(), 'weights.bin')), large);
  assert.ok(hub.requests.some(({ range }) => /^bytes=[6-9]\d{4}-199999$/.test(range ?? '')));
});

test('a file that came damaged is asked for again, and refused where it stays so', async t => {
  const { hub, cache, fetch } = await place(t);
  hub.spoilNext(2);
  assert.deepEqual(readFileSync(join(await fetch(), 'weights.bin')), large);
  hub.replace({ ...files, 'config.json': '{"new": true}' });
  hub.spoilNext(100);
  await refused(fetch(), /org\/name: a download came damaged: 13 bytes with hash .* came instead of/, /try again/);
  assert.ok(readdirSync(join(cache, 'blobs')).every(name => !name.endsWith('.incomplete')));
});

test('without the Hub what was downloaded before is used; without that, the way out is told', async t => {
  const { hub, fetch } = await place(t);
  const unreachable = /org\/name: there is no such folder, and the Hub cannot be reached .*ECONNREFUSED/;
  const folder = await fetch();
  const commit = folder.slice(-40);
  await hub.close();
  assert.equal(await fetch(), folder);
  assert.equal(await fetch({}, { ...repository, revision: commit }), folder);
  await refused(fetch({}, { ...repository, name: 'org/other' }), /org\/other: .*cannot be reached/, /HF_HOME/);
  await refused(fetch({}, { ...repository, revision: 'other' }), unreachable, /give its folder/);
  withEnvironment(t, { HF_HUB_OFFLINE: '1' });
  assert.equal(await fetch(), folder);
  await refused(
    fetch({}, { ...repository, revision: 'v2' }),
    /HF_HUB_OFFLINE is set.* at revision v2/,
    /copy its folder/,
  );
});

test('a network that sends a page of its own is none', async t => {
  const { hub, fetch } = await place(t);
  const folder = await fetch();
  hub.showPortal();
  assert.equal(await fetch(), folder);
  await refused(
    fetch({}, { ...repository, name: 'org/other' }),
    /org\/other: .*cannot be reached .*\(something else answers: no JSON comes\)/,
    /connect to the network/,
  );
});

test('offline nothing is asked of the Hub', async t => {
  const { hub, fetch } = await place(t);
  withEnvironment(t, { HF_HUB_OFFLINE: 'true' });
  await refused(fetch(), /HF_HUB_OFFLINE is set/, /unset/);
  assert.deepEqual(hub.requests, []);
});

test('a name or a revision that is not there, and a private repository, with and without its token', async t => {
  const { fetch } = await place(t, { token: 'hf_secret' });
  await refused(fetch(), /shows no such model to you \(status 401\)/, /set HF_TOKEN/);
  withEnvironment(t, { HF_TOKEN: 'secret' });
  await refused(fetch(), /must start with 'hf_'/, /HF_TOKEN/);
  withEnvironment(t, { HF_TOKEN: 'hf_secret' });
  assert.match(await fetch(), /snapshots/);
  await refused(fetch({}, { ...repository, revision: 'v9' }), /no model of this name .* revision v9/, /check the name/);
  await refused(fetch({}, { ...repository, type: 'dataset' }), /no dataset of this name/, /check the name/);
});

test('a listing that would leave the cache is refused', async t => {
  const { fetch } = await place(t, { files: { '../../outside': 'x' } });
  await assert.rejects(fetch(), /lists the file "\.\.\/\.\.\/outside"/);
});

const halves: Files = { 'a/train-0.bin': large, 'a/train-1.bin': large.map(byte => byte ^ 1), 'b/train-0.bin': 'b' };
const part = (folder: string) => (paths: readonly string[]) => paths.filter(path => path.startsWith(folder));

test('a download that breaks off is no snapshot for what it was to bring, with the Hub and without', async t => {
  const { hub } = await place(t, { files: halves });
  const folder = await fetchSnapshot(repository, part('b'));
  const commit = folder.slice(-40);
  // The first file comes, the second does not.
  const broken = fetchSnapshot(repository, part('a'), {
    onDownload: ({ path }) => path === 'a/train-0.bin' && hub.breakNext(99, 0),
  });
  await refused(broken, /org\/name: a\/train-1\.bin cannot be downloaded \(/, /try again/);
  assert.deepEqual(readdirSync(join(folder, 'a')), ['train-0.bin']);
  await hub.close();
  await refused(fetchSnapshot(repository, part('a')), /the Hub cannot be reached/, /connect/);
  assert.equal(await fetchSnapshot(repository, part('b')), folder);
  withEnvironment(t, { HF_HUB_OFFLINE: '1' });
  for (const revision of ['main', commit]) {
    const asked = { ...repository, revision };
    await refused(
      fetchSnapshot(asked, part('a')),
      /HF_HUB_OFFLINE is set, and the cache lacks a\/train-1\.bin/,
      /unset/,
    );
    assert.equal(await fetchSnapshot(asked, part('b')), folder);
  }
});

test('a new commit that does not come whole is not answered with the old one', async t => {
  const { hub, fetch } = await place(t);
  const before = await fetch();
  hub.replace({ ...files, 'weights.bin': large.map(byte => byte ^ 1) });
  hub.breakNext(99, 0);
  await refused(fetch(), /weights\.bin cannot be downloaded/, /HF_HUB_OFFLINE=1 takes what was downloaded before/);
  withEnvironment(t, { HF_HUB_OFFLINE: '1' });
  assert.equal(await fetch(), before);
});

test('a file that only a new commit has is had, though none was wanted of the old one', async t => {
  const { hub, fetch } = await place(t);
  await fetch();
  hub.replace({ ...files, 'new.txt': 'new' });
  const chooseNew = (paths: readonly string[]) => (paths.includes('new.txt') ? ['new.txt'] : assert.fail('not there'));
  assert.equal(readFileSync(join(await fetchSnapshot(repository, chooseNew), 'new.txt'), 'utf8'), 'new');
});

test('a cache that other tools have filled is used as it is', async t => {
  const { hub, cache, fetch } = await place(t);
  const folder = await fetch();
  rmSync(join(cache, '.s3delta'), { recursive: true });
  rmSync(join(folder, 'config.json'));
  await hub.close();
  assert.equal(await fetch(), folder);
  withEnvironment(t, { HF_HUB_OFFLINE: '1' });
  assert.equal(await fetch(), folder);
});

test('the listing that is kept disturbs no tool that looks over the cache', async t => {
  const { cache, fetch } = await place(t);
  const folder = await fetch();
  const { repos, warnings } = await scanCacheDir(join(cache, '..'));
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    repos.map(({ id, revisions }) => [id.name, revisions.map(({ path, refs }) => [path, refs])]),
    [['org/name', [[folder, ['main']]]]],
  );
});

test('nothing is written to a cache that has all', async t => {
  const { cache, fetch } = await place(t);
  await fetch();
  const written = () =>
    readdirSync(cache, { recursive: true, encoding: 'utf8' }).map(name => [name, lstatSync(join(cache, name)).mtimeMs]);
  const before = written();
  await fetch();
  assert.deepEqual(written(), before);
});

test('where the system allows no links files are copied', async t => {
  const { fetch } = await place(t);
  const { symlink } = fs;
  const useSymlink = (use: typeof symlink) => {
    Object.assign(fs, { symlink: use });
    syncBuiltinESMExports();
  };
  t.after(() => useSymlink(symlink));
  useSymlink(() => Promise.reject(Object.assign(new Error('not permitted'), { code: 'EPERM', syscall: 'symlink' })));
  const folder = await fetch();
  assert.ok(lstatSync(join(folder, 'weights.bin')).isFile());
  assert.deepEqual(readFileSync(join(folder, 'weights.bin')), large);
  assert.deepEqual(readdirSync(folder).sort(), ['config.json', 'folder', 'weights.bin']);
});
