import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { InputError } from '../../src/core/errors.ts';
import { fetchSnapshot } from '../../src/hub/snapshot.ts';
import { type HubServer, type HubSettings, type Interference, startHub, withEnvironment } from './hub-server.ts';

// A Hub that answers what no Hub answers, and a cache that was damaged.
const large = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 251));
const files = { 'config.json': '{}', 'weights.bin': large };
const repository = { type: 'model', name: 'org/name', revision: 'main' } as const;

async function place(t: TestContext, settings: Partial<HubSettings> = {}) {
  const hub = await startHub(t, { repository: 'models/org/name', files, ...settings });
  const home = mkdtempSync(join(tmpdir(), 's3delta-hub-'));
  t.after(() => rmSync(home, { recursive: true }));
  const environment = { HF_ENDPOINT: hub.url, HF_HUB_CACHE: join(home, 'cache'), HF_TOKEN: undefined };
  withEnvironment(t, { ...environment, HF_HUB_OFFLINE: undefined });
  const fetch = (onDownload?: (progress: { bytes: number }) => void) =>
    fetchSnapshot(repository, paths => paths, { onDownload });
  return { hub, home, blobs: join(home, 'cache', 'models--org--name', 'blobs'), fetch };
}

async function refused(what: Promise<unknown>, message: RegExp, remedy = /./): Promise<void> {
  await assert.rejects(what, (error: unknown) => {
    assert.ok(error instanceof InputError, String((error as Error).stack));
    assert.match(error.message, message);
    assert.match(error.remedy!, remedy);
    assert.doesNotMatch(error.message + error.remedy, /\p{Cc}/u);
    assert.ok(error.message.length < 2500);
    return true;
  });
}

const isTree = (path: string) => path.includes('/tree/');
const isInfo = (path: string) => path.includes('/revision/');
const isContent = (path: string) => path.startsWith('/cdn/');

function json(response: ServerResponse, text: string, headers: Readonly<Record<string, string>> = {}, status = 200) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(text);
  return true;
}

/** Pages of a listing, each of which names the next one. */
function pages(hub: HubServer, items: (page: number) => object[], next: (page: number) => string): Interference {
  let page = 0;
  return (path, _, response) =>
    isTree(path) &&
    json(response, JSON.stringify(items(page)), { Link: `<${hub.url}${path}${next(page++)}>; rel="next"` });
}

const oneFile = (name: string, changes: object = {}) => ({
  ...{ type: 'file', path: name, size: 2, oid: createHash('sha1').update('blob 2\0{}').digest('hex') },
  ...changes,
});

test('a listing whose pages lead back to one another, or never end, is refused after a bound', async t => {
  const { hub, fetch } = await place(t);
  hub.interfere(
    pages(
      hub,
      () => [],
      () => '?cursor=same',
    ),
  );
  await refused(fetch(), /org\/name: .*pages of its listing lead back/, /HF_ENDPOINT/);
  assert.ok(hub.requests.length <= 4);
  hub.interfere(
    pages(
      hub,
      page => [oneFile(`a${page}`)],
      page => `?cursor=${page}`,
    ),
  );
  await refused(fetch(), /more than 1000 pages/);
  assert.ok(hub.requests.length < 1100);
  const many = (page: number) => Array.from({ length: 20_000 }, (_, i) => oneFile(`${page}/${i}`));
  hub.interfere(pages(hub, many, page => `?cursor=${page}`));
  await refused(fetch(), /more than 200000 files/);
});

test('the token is shown to the Hub alone, wherever a page of a listing or a redirect leads', async t => {
  const { hub, fetch } = await place(t, { token: 'hf_secret' });
  const other = await startHub(t, { repository: 'models/org/name', files: {} });
  withEnvironment(t, { HF_TOKEN: ' hf_secret\r\n' });
  other.interfere((path, request, response) => {
    if (isTree(path)) return json(response, JSON.stringify([oneFile('config.json')]));
    const range = request.headers.range === undefined ? {} : { 'Content-Range': 'bytes 0-0/2', ETag: '"x"' };
    response.writeHead('ETag' in range ? 206 : 200, range).end('ETag' in range ? '{' : '{}');
    return true;
  });
  hub.interfere((path, _, response) => {
    if (isTree(path)) return json(response, '[]', { Link: `<${other.url}${path}>; rel="next"` });
    if (!path.includes('/resolve/')) return false;
    response.writeHead(302, { Location: `${other.url}/content` }).end();
    return true;
  });
  assert.equal(readFileSync(join(await fetch(), 'config.json'), 'utf8'), '{}');
  assert.ok(hub.requests.length > 2 && hub.requests.every(({ token }) => token));
  assert.ok(other.requests.length > 2 && other.requests.every(({ token }) => !token), JSON.stringify(other.requests));
});

test('variables that cannot be what they should be are told, a token never is', async t => {
  const { fetch, hub } = await place(t);
  for (const HF_ENDPOINT of ['nonsense', 'file:///etc', 'http://[', '\u001b']) {
    withEnvironment(t, { HF_ENDPOINT });
    await refused(fetch(), /HF_ENDPOINT: .* is no address/, /unset it/);
  }
  withEnvironment(t, { HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_sec\nret' });
  await assert.rejects(fetch(), (error: Error) => error instanceof InputError && !/sec|ret/.test(error.message));
});

/** The most bytes that have stood in a folder while something went on. */
async function mostBytes(folder: string, work: Promise<unknown>): Promise<number> {
  let most = 0;
  const look = () => {
    try {
      const sizes = readdirSync(folder).map(name => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
      most = Math.max(
        most,
        sizes.reduce((sum, size) => sum + size, 0),
      );
    } catch {
      // Not made yet.
    }
  };
  const timer = setInterval(look, 1);
  await work.catch(() => {});
  clearInterval(timer);
  look();
  return most;
}

test('a body that is longer than it is listed, plain or packed, fills no disk', async t => {
  const { hub, blobs, fetch } = await place(t, { files: { 'weights.bin': large } });
  const packed = gzipSync(Buffer.alloc(50_000_000));
  const send: Interference[] = [
    (_, __, response) => {
      const more = () => void (response.destroyed || response.write(Buffer.alloc(50_000), more));
      response.writeHead(200);
      more();
      return true;
    },
    (_, __, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(packed);
      return true;
    },
  ];
  for (const answer of send) {
    hub.requests.length = 0;
    let told = 0;
    hub.interfere((path, request, response) =>
      isContent(path) && request.headers.range !== 'bytes=0-0' ? answer(path, request, response) : false,
    );
    const work = fetch(({ bytes }) => {
      told = Math.max(told, bytes);
    });
    const most = await mostBytes(blobs, work);
    await refused(work, /a download came damaged: more than the 200000 bytes that are listed/, /try again/);
    assert.ok(most <= large.length && told <= large.length, `${most} ${told}`);
    assert.equal(hub.requests.filter(({ path, range }) => isContent(path) && range !== 'bytes=0-0').length, 4);
  }
});

test('a file that comes short or wrong for ever is asked for a bounded number of times', async t => {
  const { hub, fetch } = await place(t, { files: { 'weights.bin': large } });
  const answers: Record<string, (start: number, tries: number) => { bytes: Buffer; breaks: boolean }> = {
    'a byte each time': start => ({ bytes: large.subarray(start, start + 1), breaks: true }),
    'a byte each time, as if that were all': start => ({ bytes: large.subarray(start, start + 1), breaks: false }),
    'nothing, as if that were all': () => ({ bytes: Buffer.alloc(0), breaks: false }),
    'half, then a wrong rest': (start, tries) =>
      tries % 2 === 0
        ? { bytes: large.subarray(start, start + 100_000), breaks: true }
        : { bytes: Buffer.alloc(large.length - start), breaks: false },
    'another beginning, whatever is asked for': () => ({ bytes: large, breaks: false }),
  };
  for (const [name, answer] of Object.entries(answers)) {
    let tries = 0;
    hub.interfere((path, request, response) => {
      if (!isContent(path) || request.headers.range === 'bytes=0-0') return false;
      const start = Number(/^bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (name.startsWith('another') && start === 0) {
        response.writeHead(200, { 'Content-Length': large.length });
        response.write(large.subarray(0, 50_000), () => response.destroy());
        tries++;
        return true;
      }
      const { bytes, breaks } = answer(start, tries++);
      response.writeHead(206, { 'Content-Length': breaks ? large.length - start : bytes.length });
      if (breaks) response.write(bytes, () => response.destroy());
      else response.end(bytes);
      return true;
    });
    await refused(fetch(), /weights\.bin cannot be downloaded|came damaged/, /try again/);
    assert.ok(tries >= 4 && tries <= 16, `${name}: ${tries}`);
  }
});

const hash = '0'.repeat(40);
const trees: readonly unknown[] = [
  ...[{}, [null], null, 5, 'text', [[]], [{}], [{ type: 'file' }], [{ type: 5, path: 'a', size: 1 }], [[null]]],
  ...['..', '.', '', '/etc/passwd', 'a//b', 'a/../b', '..\\b', 'a\u001b[2J', 'a\0', 5, null, ['a']].map(path => [
    oneFile('a', { path }),
  ]),
  ...['zz', '', null, 5, '../../x', '0'.repeat(41), 'A'.repeat(40)].map(oid => [oneFile('a', { oid })]),
  ...[-1, 0.5, '2', null, Number.MAX_VALUE].map(size => [oneFile('a', { size })]),
  ...[5, 'x', {}, { oid: 'zz', size: 1 }, { oid: hash, size: -1 }].map(lfs => [oneFile('a', { lfs })]),
  [oneFile('a'), oneFile('a')],
  [oneFile('a', { path: `\u001b${'x'.repeat(50_000)}`, oid: 'zz' })],
];
const infos: readonly unknown[] = [
  {},
  null,
  [],
  5,
  'text',
  { sha: 5 },
  { sha: '../../x' },
  { sha: null },
  { sha: `\u001b${'x'.repeat(1e5)}` },
];

test('answers that no Hub gives are refused in words, and write nothing outside the cache', async t => {
  const { hub, home, fetch } = await place(t);
  const understood = /org\/name: the Hub's answer cannot be understood: ./;
  for (const [isIt, answers] of [
    [isTree, trees],
    [isInfo, infos],
  ] as const) {
    for (const answer of answers) {
      hub.interfere((path, _, response) => isIt(path) && json(response, JSON.stringify(answer)));
      await refused(fetch(), understood, /HF_ENDPOINT/);
    }
    const long = JSON.stringify({ text: 'x'.repeat(20 * 2 ** 20) });
    hub.interfere((path, _, response) => isIt(path) && json(response, long));
    await refused(fetch(), /more than 16777216 bytes came for an answer/);
    const packed = { 'Content-Encoding': 'gzip' };
    hub.interfere((path, _, response) => {
      if (!isIt(path)) return false;
      response
        .writeHead(200, { 'Content-Type': 'application/json', ...packed })
        .end(gzipSync(Buffer.alloc(50_000_000)));
      return true;
    });
    await refused(fetch(), /more than 16777216 bytes came for an answer/);
    for (const [status, text] of [
      [204, ''],
      [200, ''],
      [200, '{'],
      [200, '\u001b[2J'],
      [400, 'null'],
      [418, '"x"'],
      [404, 'null'],
      [500, '[]'],
    ] as const) {
      hub.interfere((path, _, response) => {
        if (!isIt(path)) return false;
        return status === 204 ? Boolean(response.writeHead(204).end()) : json(response, text, {}, status);
      });
      await refused(fetch(), /^org\/name: /);
    }
  }
  assert.deepEqual(readdirSync(home), []);
});

test('so are those that come in place of a file', { timeout: 120_000 }, async t => {
  const { hub, fetch } = await place(t, { files: { 'weights.bin': large } });
  const answers: Interference[] = [
    (_, __, response) => Boolean(response.writeHead(204).end()),
    (_, __, response) => Boolean(response.writeHead(200).end('no range')),
    (_, __, response) => Boolean(response.writeHead(206, { 'Content-Range': 'bytes 0-0/x', ETag: '"x"' }).end('x')),
    (_, __, response) => Boolean(response.writeHead(206, { 'Content-Range': 'bytes 0-0/9' }).end('x')),
    (_, __, response) => Boolean(response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end()),
    (_, __, response) => json(response, 'null', {}, 403),
    (_, __, response) => Boolean(response.writeHead(302, { Location: 'http://[' }).end()),
    (_, __, response) => Boolean(response.writeHead(302, { Location: 'file:///etc/passwd' }).end()),
  ];
  for (const answer of answers) {
    hub.interfere((path, request, response) => path.includes('/resolve/') && answer(path, request, response));
    await refused(fetch(), /^org\/name: /);
  }
  for (const status of [204, 404, 416, 503]) {
    hub.interfere((path, request, response) => {
      if (!isContent(path) || request.headers.range === 'bytes=0-0') return false;
      return Boolean(response.writeHead(status).end());
    });
    await refused(fetch(), /^org\/name: weights\.bin cannot be downloaded/);
  }
});

const download = ({ requests }: HubServer) => requests.filter(({ path }) => path.includes('/resolve/')).length;

test('a blob that has changed is checked again: damaged, it is downloaded again; else it stays', async t => {
  const { hub, blobs, fetch } = await place(t);
  const folder = await fetch();
  const blob = join(blobs, createHash('sha256').update(large).digest('hex'));
  const damage: Record<string, () => void> = {
    'a bit': () => writeFileSync(blob, large.with(1000, large[1000]! ^ 1)),
    'a part in zeros, with its old time': () => {
      const { atime, mtime } = statSync(blob);
      writeFileSync(blob, Buffer.from(large).fill(0, 4096, 8192));
      utimesSync(blob, atime, mtime);
    },
    'cut off': () => writeFileSync(blob, large.subarray(0, 5)),
    gone: () => rmSync(blob),
    'a link to nothing': () => {
      rmSync(join(folder, 'weights.bin'));
      symlinkSync('nowhere', join(folder, 'weights.bin'));
    },
  };
  for (const [name, make] of Object.entries(damage)) {
    make();
    hub.requests.length = 0;
    assert.equal(await fetch(), folder);
    assert.deepEqual(readFileSync(join(folder, 'weights.bin')), large, name);
    assert.ok(hub.requests.every(({ path }) => !path.endsWith('config.json')));
  }
  hub.requests.length = 0;
  utimesSync(blob, 1, 1);
  const { ino } = lstatSync(blob);
  await fetch();
  assert.deepEqual([download(hub), lstatSync(blob).ino], [0, ino]);
});

test('without the Hub a damaged file of the cache is refused by name, also where another tool has filled it', async t => {
  const { hub, home, blobs, fetch } = await place(t);
  const folder = await fetch();
  const blob = join(blobs, createHash('sha256').update(large).digest('hex'));
  for (const isOurs of [true, false]) {
    if (!isOurs) rmSync(join(home, 'cache', 'models--org--name', '.s3delta'), { recursive: true });
    withEnvironment(t, { HF_HUB_OFFLINE: '1' });
    assert.equal(await fetch(), folder);
    writeFileSync(blob, large.with(7, 1));
    await refused(fetch(), /weights\.bin: this file of the cache is damaged/, /unset HF_HUB_OFFLINE once/);
    writeFileSync(blob, large);
    assert.equal(await fetch(), folder);
  }
  withEnvironment(t, { HF_HUB_OFFLINE: undefined });
  await hub.close();
  assert.equal(await fetch(), folder);
  writeFileSync(blob, large.subarray(1));
  await refused(fetch(), /weights\.bin: this file of the cache is damaged/, /connect to the network/);
});

test('what is in the way in the cache is told, or replaced', async t => {
  const { home, blobs, fetch } = await place(t);
  const cache = join(home, 'cache', 'models--org--name');
  mkdirSync(join(cache, 'refs'), { recursive: true });
  // A branch that leads out of the cache is none.
  writeFileSync(join(cache, 'refs', 'main'), '../../..');
  const folder = await fetch();
  assert.match(readFileSync(join(cache, 'refs', 'main'), 'utf8'), /^[0-9a-f]{40}$/);
  rmSync(blobs, { recursive: true });
  mkdirSync(join(blobs, createHash('sha256').update(large).digest('hex')), { recursive: true });
  await assert.rejects(fetch(), /a folder has the name of this file|it cannot be written/);
  rmSync(blobs, { recursive: true });
  assert.equal(await fetch(), folder);
});
