import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import type { JobEvent } from '../../src/jobs/job-events.ts';
import type { RunFolder } from '../../src/runs/run-folder.ts';
import { followRun, sendNews } from '../../src/trackers/follow-run.ts';
import { trackers, trackersNamed } from '../../src/trackers/trackers.ts';
import { runCli } from '../cli/support.ts';
import { withEnvironment } from '../hub/hub-server.ts';
import { writeRun } from '../serve/synthetic-runs.ts';
import { type Asked, fakeServer, mlflowAnswers } from './fake-servers.ts';

function rootOf(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 's3delta-trackers-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

const logged = (folder: RunFolder) =>
  readFileSync(folder.metrics, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { stage: string; step: number; score: number });
const evaluation: JobEvent = { type: 'evaluation', stage: 'search', step: 1, steps: 9, score: 1, best: 1 };
const json = ({ body }: Asked) => JSON.parse(String(body));

test('MLflow gets every curve, the settings, the scores and the heat map, each once', async t => {
  const server = await fakeServer(t, mlflowAnswers);
  withEnvironment(t, {
    MLFLOW_TRACKING_URI: server.url,
    MLFLOW_EXPERIMENT_NAME: 'films',
    MLFLOW_TRACKING_TOKEN: 'key',
  });
  const folder = writeRun(rootOf(t), 'one');
  const first = await runCli(['log', folder.path, '--to', 'mlflow', '--json'], '.');
  assert.equal(first.exitCode, 0, first.stderr);
  assert.deepEqual(JSON.parse(first.stdout).sent, [{ tracker: 'mlflow', points: logged(folder).length, ended: true }]);

  const of = (call: string) => server.asked.filter(({ path }) => path.startsWith(`/api/2.0/${call}`));
  assert.ok(server.asked.every(({ headers }) => headers.authorization === 'Bearer key'));
  assert.deepEqual(json(of('mlflow/experiments/create')[0]!), { name: 'films' });
  assert.equal(json(of('mlflow/runs/create')[0]!).run_name, 'one');
  const batches = of('mlflow/runs/log-batch').map(json);
  const params = batches.flatMap(batch => batch.params ?? []);
  assert.deepEqual(
    params.find(({ key }) => key === 'model'),
    { key: 'model', value: 'tiny-t5' },
  );
  const metrics = batches.flatMap(batch => batch.metrics ?? []);
  for (const { stage, step, score } of logged(folder)) {
    const same = metrics.filter(metric => metric.key === `${stage}/score` && metric.step === step);
    assert.deepEqual([same.length, same[0]?.value], [1, score]);
  }
  assert.ok(metrics.some(({ key }) => key === 'final/test'));
  const [picture] = of('mlflow-artifacts');
  assert.equal(picture!.path, '/api/2.0/mlflow-artifacts/artifacts/7/r1/artifacts/heatmap.png');
  assert.equal(picture!.body.subarray(1, 4).toString(), 'PNG');
  assert.equal(json(of('mlflow/runs/update')[0]!).status, 'FINISHED');

  const count = server.asked.length;
  const again = await runCli(['log', folder.path, '--to', 'mlflow'], '.');
  assert.match(again.stdout, /mlflow has all of it already/);
  assert.equal(server.asked.length, count);
});

test('trackio gets rows with ids, by its write token', async t => {
  const server = await fakeServer(t, ({ path }) => (path === '/api/bulk_log' ? { data: null } : undefined));
  withEnvironment(t, { TRACKIO_SERVER_URL: server.url, TRACKIO_WRITE_TOKEN: 'key', TRACKIO_PROJECT: undefined });
  const folder = writeRun(rootOf(t), 'one');
  await sendNews(folder, 'one', ['trackio', trackers.trackio!], AbortSignal.timeout(5000));
  const [asked, ...more] = server.asked;
  assert.deepEqual([more.length, asked!.headers['x-trackio-write-token']], [0, 'key']);
  const { logs } = json(asked!);
  assert.equal(logs.length, logged(folder).length + 1);
  assert.equal(new Set(logs.map((row: { log_id: string }) => row.log_id)).size, logs.length);
  assert.deepEqual([logs[0].project, logs[0].config.model], ['s3delta', 'tiny-t5']);
  assert.ok(logs.at(-1).metrics['final/test'] > 0);
});

test('a tracker that is down, or hangs, slows nothing and loses nothing', async t => {
  const server = await fakeServer(t, mlflowAnswers);
  withEnvironment(t, { MLFLOW_TRACKING_URI: server.url });
  const folder = writeRun(rootOf(t), 'one', { done: 60 });
  const told: string[] = [];
  const all = { mlflow: trackers.mlflow!, tensorboard: trackers.tensorboard! };
  const follower = followRun(folder.path, 'one', new Map(Object.entries(all)), text => told.push(text), 300);
  server.fail('hang');
  const started = performance.now();
  for (let i = 0; i < 100; i++) follower.onEvent(evaluation);
  assert.ok(performance.now() - started < 200, 'telling waits for nobody');
  await follower.finish();
  assert.ok(performance.now() - started < 3000, 'the end waits no longer than its patience');
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^mlflow has not got all of one: .*Nothing is lost: send it by s3delta log .* --to mlflow$/);
  server.fail(500);
  const failed = await runCli(['log', folder.path, '--to', 'mlflow,tensorboard'], '.');
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stdout, /mlflow: http.*answered 500: .*not today[\s\S]*tensorboard has all of it already/);
  server.fail(undefined);
  const before = logged(folder).length;
  const sent = await sendNews(folder, 'one', ['mlflow', trackers.mlflow!], AbortSignal.timeout(5000));
  assert.deepEqual(sent, { points: before, ended: false });
  const line = { ...logged(folder).at(-1)!, step: 1000 };
  appendFileSync(folder.metrics, `${JSON.stringify(line)}\n`);
  assert.equal((await sendNews(folder, 'one', ['mlflow', trackers.mlflow!], AbortSignal.timeout(5000))).points, 1);
});

test('a search that validates nothing is told of by its losses, as they come', async t => {
  const server = await fakeServer(t, mlflowAnswers);
  withEnvironment(t, { MLFLOW_TRACKING_URI: server.url });
  const folder = writeRun(rootOf(t), 'one', { done: 60, worthOnly: true });
  const follower = followRun(folder.path, 'one', new Map([['mlflow', trackers.mlflow!]]), () => {});
  const step = { type: 'step', stage: 'search', step: 60, steps: 100, loss: 1, tokens: 1, seconds: 1 } as const;
  follower.onEvent(step);
  await new Promise(resolve => setTimeout(resolve, 50));
  assert.equal(server.asked.length, 0);
  follower.onEvent({ ...step, isLogged: true });
  for (let wait = 0; wait < 100 && server.asked.every(({ path }) => !path.endsWith('log-batch')); wait++) {
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  await follower.finish();
  const metrics = server.asked
    .filter(({ path }) => path.endsWith('log-batch'))
    .flatMap(asked => json(asked).metrics ?? [])
    .map(({ key }) => key);
  assert.deepEqual([...new Set(metrics)].toSorted(), ['search/learning rate', 'search/loss']);
  assert.equal(metrics.filter(key => key === 'search/loss').length, logged(folder).length);
});

test('a tracker there is not, an address that is none, and a missing name are told', async t => {
  assert.throws(
    () => trackersNamed('tensorbord', '--log'),
    (error: unknown) => {
      return error instanceof InputError && error.where === '--log' && /did you mean `tensorboard`/.test(error.remedy!);
    },
  );
  const folder = writeRun(rootOf(t), 'one');
  assert.match((await runCli(['log', folder.path], '.')).stderr, /which tracker/);
  withEnvironment(t, { MLFLOW_TRACKING_URI: 'sqlite:///here' });
  assert.match((await runCli(['log', folder.path, '--to', 'mlflow'], '.')).stdout, /which is no address of a server/);
});

test('of trackers that take a run at the same moment, none is forgotten', async t => {
  const folder = writeRun(rootOf(t), 'one');
  const names = ['a', 'b', 'c'];
  const quick = new Map(names.map(name => [name, { description: name, send: async () => `id of ${name}` }]));
  await followRun(folder.path, 'one', quick, text => assert.fail(text)).finish();
  const noted = JSON.parse(readFileSync(join(folder.path, 'trackers.json'), 'utf8'));
  assert.deepEqual(Object.keys(noted).sort(), names);
});
