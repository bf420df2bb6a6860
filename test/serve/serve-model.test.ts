import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/core/errors.ts';
import type { AnsweredInput } from '../../src/jobs/predict-job.ts';
import { runTrainJob } from '../../src/jobs/run-job.ts';
import { type ModelServer, serveModel } from '../../src/serve/serve-model.ts';
import { runCli, tinyModel, workspace } from '../cli/support.ts';

const root = new URL('../..', import.meta.url);
const space = workspace();
const run = join(space.folder, 'run');
let server: ModelServer;

before(async () => {
  await runTrainJob(
    { model: tinyModel, task: space.task, method: 'bitfit', 'max-steps': 2, 'retrain-epochs': 1, seed: 1 },
    { out: run },
  );
  server = await serveModel(run, { queue: 8, mostBytes: 2000 });
});
after(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly run: string;
    readonly predictions: readonly AnsweredInput[];
    readonly error: Readonly<Record<'code' | 'message' | 'remedy', string>>;
  };
}

async function post(body: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${server.url}predict`, { method: 'POST', body, ...init });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
}

test('POST /predict answers what predict --json prints, to a text, an object and a list', async () => {
  const asked = { text: 'a good film', year: 1990 };
  const { stdout } = await runCli(['predict', run, JSON.stringify(asked), '--json'], space.folder);
  const [{ seconds: _, ...wanted }] = JSON.parse(stdout).predictions;
  const { status, body } = await post(JSON.stringify(asked));
  assert.equal(status, 200);
  assert.equal(body.run, 'run');
  const { seconds, ...answer } = body.predictions[0]!;
  assert.ok(seconds > 0);
  assert.deepEqual(Object.keys(answer), Object.keys(wanted));
  assert.ok(Math.abs(answer.probability! - wanted.probability) < 1e-5);
  assert.deepEqual({ ...answer, probability: 0, probabilities: 0 }, { ...wanted, probability: 0, probabilities: 0 });
  assert.equal((await post('"a good film"')).body.predictions[0]!.label, answer.label);
  const { predictions } = (await post(JSON.stringify([asked, 'bad', ' ']))).body;
  assert.deepEqual(
    predictions.map(({ line, answer }) => [line, answer === null]),
    [
      [1, false],
      [2, false],
      [3, true],
    ],
  );
});

test('what cannot be answered is told with code, message and remedy', async () => {
  const cases: [body: string, status: number, code: string, remedy: RegExp][] = [
    ['{"title": "a"}', 400, 'missing-column', /the columns here are "title"/],
    ['nothing', 400, 'invalid-json', /quotation marks/],
    ['', 400, 'invalid-json', /quotation marks/],
    ['7', 400, 'bad-argument', /a text, an object/],
    [JSON.stringify(new Array(9).fill('a')), 503, 'queue-full', /at most 8 at once/],
    [JSON.stringify('a'.repeat(2001)), 413, 'request-too-large', /shorter ones/],
  ];
  for (const [body, status, code, remedy] of cases) {
    const answer = await post(body);
    assert.deepEqual([answer.status, answer.body.error.code], [status, code]);
    assert.match(answer.body.error.remedy, remedy);
    assert.ok(answer.body.error.message.length > 5);
    assert.equal(answer.headers.get('retry-after'), status === 503 ? '1' : null);
  }
  const other = await fetch(`${server.url}predict`);
  assert.deepEqual([other.status, other.headers.get('allow')], [405, 'POST']);
  assert.equal((await fetch(`${server.url}nowhere`)).status, 404);
  const foreign = await post('"a"', { headers: { origin: 'https://example.org' } });
  assert.deepEqual([foreign.status, foreign.body.error.code], [403, 'other-origin']);
});

test('health and metrics', async () => {
  const health = await fetch(`${server.url}health`);
  assert.deepEqual(await health.json(), { status: 'ok', labels: ['bad', 'good'] });
  const read = async () => {
    const response = await fetch(`${server.url}metrics`);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const lines = (await response.text()).trimEnd().split('\n');
    for (const line of lines) assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]+"\})? [\d.e+-]+)$/);
    return new Map(
      lines.filter(line => !line.startsWith('#')).map(line => line.split(/ (?=\S+$)/) as [string, string]),
    );
  };
  const before = await read();
  await Promise.all([post('"a"'), post('"b"'), post('["c", "d"]'), post('?')]);
  const after = await read();
  const grown = (name: string) => Number(after.get(name)) - Number(before.get(name) ?? 0);
  assert.equal(grown('s3delta_requests_total{status="200"}'), 3);
  assert.equal(grown('s3delta_requests_total{status="400"}'), 1);
  assert.equal(grown('s3delta_predictions_total'), 4);
  assert.equal(grown('s3delta_request_seconds_count'), 4);
  assert.equal(grown('s3delta_request_seconds_bucket{le="+Inf"}'), 4);
  assert.equal(grown('s3delta_batch_size_sum'), 4);
  assert.equal(after.get('s3delta_queue'), '0');
});

test('a client that leaves and one that sends half a request hold nothing up', async () => {
  const { hostname, port } = new URL(server.url);
  const half = connect(Number(port), hostname);
  half.write('POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n"a');
  await delay(20);
  half.destroy();
  const controller = new AbortController();
  const left = post('"a"', { signal: controller.signal });
  controller.abort();
  await assert.rejects(left, { name: 'AbortError' });
  assert.equal((await post('"a"')).status, 200);
});

test('a folder that cannot answer and a port that is taken are refused', async () => {
  await assert.rejects(serveModel(space.folder), InputError);
  await assert.rejects(serveModel(run, { port: Number(new URL(server.url).port) }), { code: 'cannot-listen' });
});

test('SIGTERM answers what waits, then ends', { timeout: 60_000 }, async () => {
  const main = fileURLToPath(new URL('src/cli/main.ts', root));
  const child = spawn(process.execPath, [main, 'serve-model', run, '--port', '0'], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  const ended = once(child, 'close');
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  while (!told.includes('predict (')) await delay(20);
  const [, url] = /answers at (http:\S+)/.exec(told)!;
  // The first is answered while the others wait; all of them were taken before the signal.
  const inputs = JSON.stringify(Array.from({ length: 300 }, (_, i) => `a good film number ${i}`));
  const asked = [1, 2, 3].map(() => fetch(url!, { method: 'POST', body: inputs }));
  const waiting = async () => /s3delta_queue (\d+)/.exec(await (await fetch(new URL('metrics', url))).text())![1];
  while ((await waiting()) === '0') await delay(1);
  child.kill('SIGTERM');
  for (const response of await Promise.all(asked)) {
    assert.equal(response.status, 200);
    assert.equal(((await response.json()) as { predictions: unknown[] }).predictions.length, 300);
  }
  assert.deepEqual(await ended, [0, null]);
});

test('the example with hono answers', { timeout: 60_000 }, async () => {
  const args = ['--conditions=s3delta-source', 'examples/serve-with-hono.ts', run, '0'];
  const child = spawn(process.execPath, args, { cwd: root });
  const ended = once(child, 'close');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const ask = (input: unknown) => fetch(String(line).trim(), { method: 'POST', body: JSON.stringify(input) });
  const { label } = (await (await ask({ text: 'a good film' })).json()) as { label: string };
  assert.ok(['bad', 'good'].includes(label));
  assert.equal((await ask({ title: 'a' })).status, 400);
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});
