import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { InputError } from '../../src/core/errors.ts';
import type { RunView } from '../../src/report/run-view.ts';
import { type RunServer, serveRuns } from '../../src/serve/server.ts';
import { comparedRuns, comparisonFileOf } from '../report/compared-runs.ts';
import { listen } from './event-stream.ts';
import { runsRoot, tinyCandidates, writeMoments, writeRun } from './synthetic-runs.ts';

const root = runsRoot();
const live = writeRun(root, 'live', { done: 30 });
writeRun(root, 'done', { seed: 1 });
const damaged = writeRun(root, 'damaged');
writeFileSync(damaged.structure, '{"format": "other"}');

let server: RunServer;
before(async () => {
  server = await serveRuns({ folder: root });
});
after(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request with any headers and any path, which `fetch` would refuse or mend. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers, method }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

test('it listens on loopback unless told, and the page needs nothing from elsewhere', async () => {
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const { status, headers, body } = await get('/');
  assert.equal(status, 200);
  assert.doesNotMatch(body.replaceAll('http%3A%2F%2Fwww.w3.org%2F2000%2Fsvg', ''), /https?:|%3A%2F%2F/);
  const policy = String(headers['content-security-policy']);
  assert.match(policy, /^default-src 'none'; script-src 'self' 'sha256-[^' ]+';/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
});

test('all modules that the page imports are there, without types, and so are its styles', async () => {
  const { body } = await get('/');
  const map = JSON.parse(/<script type="importmap">(.*?)<\/script>/.exec(body)![1]!) as {
    imports: Record<string, string>;
  };
  const seen = new Set<string>();
  async function visit(path: string): Promise<void> {
    if (seen.has(path)) return;
    seen.add(path);
    const module = await get(path);
    assert.equal(module.status, 200, path);
    assert.match(String(module.headers['content-type']), /^text\/javascript/);
    assert.doesNotMatch(module.body, /^(export )?(interface|type) \w/m, path);
    for (const [, name] of module.body.matchAll(/^(?:import|export)\b[^;'"]*?from\s*["']([^"']+)["']/gm)) {
      const target = name!.startsWith('.') ? new URL(name!, new URL(path, server.url)).pathname : map.imports[name!];
      assert.ok(target !== undefined, `${path} imports ${name}`);
      await visit(target);
    }
  }
  await visit(/src="(\/modules\/page\/start\.\w+)"/.exec(body)![1]!);
  assert.ok(seen.size > 20, `${seen.size} modules`);
  // None waits for the one that imports it.
  const asked = [...body.matchAll(/rel="modulepreload" href="([^"]+)"/g)].map(([, path]) => path!);
  assert.deepEqual(asked.toSorted(), [...new Set([...seen, ...Object.values(map.imports)])].toSorted());
  for (const path of ['/style.css', '/uplot.css']) {
    assert.match(String((await get(path)).headers['content-type']), /^text\/css/);
  }
});

test('no other file of the program or the machine can be had', async () => {
  for (const path of [
    ...['/modules/cli/main.ts', '/modules/page/../cli/main.ts', '/modules/page%2f..%2fcli%2fmain.ts'],
    ...['/modules/../../package.json', '/modules/report/none.ts', '/modules/page/start.js.map', '/packages/zod'],
    ...['/packages/__proto__', '/packages/..%2f..%2fpackage.json', '/../../etc/passwd', '/package.json'],
  ]) {
    assert.equal((await get(path)).status, 404, path);
  }
  for (const id of ['../x', '..%2F..%2Fetc', '%2Fetc%2Fpasswd', 'done%2F..%2F..', 'done%00', '']) {
    const { status, body } = await get(`/api/run?id=${id}`);
    assert.equal(status, 404, id);
    assert.doesNotMatch(body, /root:|\//);
  }
  assert.equal((await get('/', {}, 'POST')).status, 404);
});

test('requests by a foreign name or from a foreign origin are refused, whatever they ask for', async () => {
  const { host } = new URL(server.url);
  const port = host.split(':')[1];
  for (const path of ['/', '/api/run?id=done', '/api/changes', '/nothing']) {
    const foreign: Record<string, string>[] = [
      { host: 'evil.example' },
      { host: `evil.example:${port}` },
      { host: `192.168.1.5:${port}` },
      { host: `127.0.0.1.evil.example:${port}` },
      { host, origin: 'http://evil.example' },
      { host, origin: 'null' },
      { host, origin: `https://${host}` },
      { host, origin: `http://localhost:1` },
      { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    ];
    for (const headers of foreign) {
      const { status, body } = await get(path, headers);
      assert.equal(status, 403, `${path} ${JSON.stringify(headers)}`);
      assert.doesNotMatch(body, /evil/);
    }
  }
  const own: Record<string, string>[] = [
    { host: `localhost:${port}` },
    { host: `[::1]:${port}` },
    { host, origin: `http://${host}` },
  ];
  for (const headers of own) {
    assert.equal((await get('/', headers)).status, 200, JSON.stringify(headers));
  }
});

test('a run is shown while it is searched, when it is finished, and its damage is told', async () => {
  const searched = JSON.parse((await get('/api/run?id=live')).body) as RunView;
  assert.equal(searched.result, undefined);
  assert.equal(searched.moments.length, 3);
  assert.deepEqual(
    searched.modules.map(({ p }) => p),
    searched.moments.at(-1)!.p,
  );
  assert.deepEqual(
    searched.modules.flatMap(({ kept }, index) => (kept ? [index] : [])),
    searched.moments.at(-1)!.kept,
  );
  const finished = JSON.parse((await get('/api/run?id=done')).body) as RunView;
  assert.equal(finished.result!.score!.test, 76);
  assert.equal(finished.moments.length, 10);
  assert.ok(finished.modules.every(({ worth }) => typeof worth === 'number'));
  assert.match(finished.config, /^model: tiny-t5$/m);
  const { status, body } = await get('/api/run?id=damaged');
  assert.equal(status, 422);
  assert.match(body, /structure\.json/);
});

test('a listener gets everything, then what changes; one that comes back gets what it has missed', async () => {
  const first = await listen(`${server.url}api/changes`);
  const whole = await first.next('runs');
  assert.deepEqual([whole.data.whole, whole.data.runs.length], [true, 3]);
  writeMoments(live, 0, 40, tinyCandidates);
  const change = await first.next('runs');
  assert.equal(change.data.whole, false);
  assert.deepEqual(
    change.data.runs.map(({ id, progress }) => [id, progress?.step]),
    [['live', 40]],
  );
  first.close();

  writeMoments(live, 0, 50, tinyCandidates);
  for (const back of [
    await listen(`${server.url}api/changes`, { 'last-event-id': change.id }),
    await listen(`${server.url}api/changes?since=${change.id}`),
  ]) {
    const missed = await back.next('runs');
    assert.equal(missed.data.whole, false);
    assert.deepEqual(
      missed.data.runs.map(({ progress }) => progress?.step),
      [50],
    );
    back.close();
  }
});

test('what one page brings to light is told to every other that is open', async () => {
  const waiting = await listen(`${server.url}api/changes`);
  await waiting.next('runs');
  const told = async (listener: typeof waiting) => (await listener.next('runs')).data.runs.map(({ id }) => id);
  // The next beat, 15 seconds from now, would tell of them too.
  const soon = <T>(answer: Promise<T>) =>
    Promise.race([answer, delay(5000, undefined, { ref: false }).then(() => assert.fail('told too late'))]);
  const asked = writeRun(root, 'asked');
  assert.equal((await get('/api/run?id=asked')).status, 200);
  assert.deepEqual(await soon(told(waiting)), ['asked']);

  const opened = writeRun(root, 'opened');
  const other = await listen(`${server.url}api/changes`);
  assert.ok((await told(other)).includes('opened'));
  assert.deepEqual(await soon(told(waiting)), ['opened']);
  for (const { path } of [asked, opened]) rmSync(path, { recursive: true });
  for (const listener of [waiting, other]) listener.close();
});

test('after a restart a listener that comes back gets everything', async () => {
  const listener = await listen(`${server.url}api/changes`);
  const { id } = await listener.next('runs');
  await server.close();
  await assert.rejects(listener.next('runs'));
  server = await serveRuns({ folder: root, port: Number(new URL(server.url).port) });
  for (const since of [id, 'nonsense', `${id.split('.')[0]}.-1`, '.5']) {
    const back = await listen(`${server.url}api/changes`, { 'last-event-id': since });
    const { data } = await back.next('runs');
    assert.deepEqual([data.whole, data.runs.length], [true, 3], since);
    back.close();
  }
});

test('a folder that is not there yet is shown as soon as its first run comes', async () => {
  const folder = join(runsRoot(), 'later');
  const early = await serveRuns({ folder });
  const listener = await listen(`${early.url}api/changes`);
  assert.deepEqual((await listener.next('runs')).data.runs, []);
  writeRun(folder, 'first');
  assert.deepEqual(
    (await listener.next('runs')).data.runs.map(({ id }) => id),
    ['first'],
  );
  assert.equal((await fetch(`${early.url}api/run?id=first`)).status, 200);
  listener.close();
  await early.close();
});

test('a comparison is told of and read from its own file, not through a link, and a damaged one says so', async () => {
  const folder = runsRoot();
  const file = (name: string) => join(folder, name, 'compare.json');
  writeRun(folder, 'cmp/rte/found/seed-0');
  writeRun(folder, 'bad/run');
  const rows = comparedRuns({ found: [60, 61], random: [50, 51] });
  writeFileSync(file('cmp'), comparisonFileOf('mini', rows));
  writeFileSync(file('bad'), '{}');
  const own = await serveRuns({ folder });
  const listener = await listen(`${own.url}api/changes`);
  const { data } = await listener.next('runs');
  assert.deepEqual(data.comparisons!.map(({ id }) => id).sort(), ['bad', 'cmp']);
  const ask = (id: string) => fetch(`${own.url}api/comparison?id=${encodeURIComponent(id)}`);
  assert.deepEqual(((await (await ask('cmp')).json()) as { rows: unknown }).rows, rows);
  assert.equal((await ask('bad')).status, 422);
  for (const id of ['', '.', 'cmp/rte', '../x', '/etc']) assert.equal((await ask(id)).status, 404, id);
  rmSync(file('cmp'));
  symlinkSync(file('bad'), file('cmp'));
  assert.equal((await ask('cmp')).status, 404);
  assert.deepEqual(
    (await listener.next('runs')).data.comparisons!.map(({ id }) => id),
    ['bad'],
  );
  listener.close();
  await own.close();
});

test('a run with a log of 48 MB is answered soon, by about as many points as can be seen, and remembered', async () => {
  const folder = runsRoot();
  const run = writeRun(folder, 'long', { seed: 1 });
  const steps = 300_000;
  const line = { learningRate: 0.001, loss: 1.2345678, score: 56.789, best: 56.789, steps };
  const lines = Array.from({ length: steps }, (_, index) => {
    const stage = index < steps / 2 ? 'search' : 'retrain';
    return `${JSON.stringify({ stage, step: index + 1, seconds: index / 10, ...line })}\n`;
  });
  writeFileSync(run.metrics, lines.join(''));
  const own = await serveRuns({ folder });
  const times: number[] = [];
  for (let attempt = 0; attempt < 2; attempt++) {
    const started = performance.now();
    const { metrics } = (await (await fetch(`${own.url}api/run?id=long`)).json()) as RunView;
    times.push(performance.now() - started);
    assert.ok(metrics.length > 1500 && metrics.length < 2500, String(metrics.length));
    assert.deepEqual([metrics[0]!.step, metrics.at(-1)!.step], [1, steps]);
    assert.deepEqual([...new Set(metrics.map(({ stage }) => stage))], ['search', 'retrain']);
  }
  // 0.16 s alone on two cores; the machine may be busy with something else.
  assert.ok(times[0]! < 1500, `${times} ms`);
  appendFileSync(run.metrics, `${JSON.stringify({ stage: 'random', step: 1, seconds: 1, ...line })}\n`);
  const { metrics } = (await (await fetch(`${own.url}api/run?id=long`)).json()) as RunView;
  assert.equal(metrics.at(-1)!.stage, 'random');
  await own.close();
});

test('a pipe in a run folder is not waited for', { timeout: 20_000 }, async () => {
  const folder = runsRoot();
  for (const name of ['metrics', 'history', 'structure', 'result', 'config', 'lock'] as const) {
    const run = writeRun(folder, name);
    rmSync(run[name], { force: true });
    assert.equal(spawnSync('mkfifo', [run[name]]).status, 0);
  }
  const own = await serveRuns({ folder });
  for (const id of ['metrics', 'history', 'structure', 'result', 'lock']) {
    const { status } = await fetch(`${own.url}api/run?id=${id}`);
    assert.equal(status, id === 'lock' ? 200 : 422, id);
  }
  assert.equal((await fetch(`${own.url}api/run?id=config`)).status, 404);
  await own.close();
});

test('a folder that is none, and an address that cannot be listened on, are told with a remedy', async () => {
  const isTold = (remedy: RegExp) => (error: unknown) => error instanceof InputError && remedy.test(error.remedy ?? '');
  await assert.rejects(serveRuns({ folder: live.config }), isTold(/run folders/));
  await assert.rejects(serveRuns({ folder: root, port: Number(new URL(server.url).port) }), isTold(/--port/));
  await assert.rejects(serveRuns({ folder: root, host: '192.0.2.1' }), isTold(/--host/));
});
