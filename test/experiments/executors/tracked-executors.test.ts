import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCli, tinyModel } from '../../cli/support.ts';
import { withEnvironment } from '../../hub/hub-server.ts';
import { type FakeServer, fakeServer, mlflowAnswers } from '../../trackers/fake-servers.ts';
import { noServer, startPostgres } from '../queue/postgres-server.ts';
import { experimentWorkspace } from '../support.ts';
import { startSlurm, whyNoSlurm } from './slurm-cluster.ts';

// Trackers get every run once, whoever does it: a child process, Slurm, or a worker that reaches no tracker.

const space = experimentWorkspace();
const runs = ['seed-0', 'seed-1'];
const args = (command: string, out: string, ...more: readonly string[]) => [
  ...[command, '--model', tinyModel, '--task', space.films, '--methods', 'lora', '--seeds', '0,1', '--threads', '1'],
  ...['--max-steps', '4', '--retrain-epochs', '1', '--retrain-eval-every', '2', '--out', out, '--log'],
  ...['mlflow,tensorboard', ...more],
];

async function mlflow(t: TestContext): Promise<FakeServer> {
  const server = await fakeServer(t, mlflowAnswers);
  withEnvironment(t, { MLFLOW_TRACKING_URI: server.url });
  return server;
}

/** MLflow knows each run by its name, its curve and its score; TensorBoard's file lies in its folder. */
function assertTracked({ asked }: FakeServer, out: string, folders: readonly string[] = runs): void {
  const bodies = (call: string) =>
    asked.filter(({ path }) => path.startsWith(`/api/2.0/mlflow/${call}`)).map(({ body }) => JSON.parse(String(body)));
  assert.deepEqual(
    bodies('runs/create')
      .map(({ run_name }) => run_name)
      .sort(),
    folders.map(run => `${out}/films/lora/${run}`),
  );
  const metrics = bodies('runs/log-batch').flatMap(({ metrics = [] }) => metrics as { key: string }[]);
  assert.equal(metrics.filter(({ key }) => key === 'final/test').length, folders.length);
  assert.ok(metrics.filter(({ key }) => key === 'retrain/score').length >= folders.length);
  for (const run of folders) {
    const folder = join(space.out(out), 'films', 'lora', run, 'tensorboard');
    assert.equal(readdirSync(folder).length, 1);
  }
}

/** The same command again: nothing is done, and nothing is sent twice. */
async function assertSentOnce(server: FakeServer, given: readonly string[]): Promise<void> {
  const before = server.asked.length;
  const { exitCode, stderr } = await runCli(given, space.folder);
  assert.equal(exitCode, 0, stderr);
  assert.equal(server.asked.length, before);
}

test('runs of a sweep are tracked from their processes', async t => {
  const server = await mlflow(t);
  const given = args('sweep', 'swept', '--processes', '2');
  const { exitCode, stderr } = await runCli(given, space.folder);
  assert.equal(exitCode, 0, stderr);
  assertTracked(server, 'swept');
  await assertSentOnce(server, given);
});

test('runs of Slurm are tracked when they end', { skip: whyNoSlurm() ?? false }, async t => {
  const cluster = await startSlurm();
  t.after(() => cluster.stop());
  const server = await mlflow(t);
  const given = args('compare', 'slurmed', '--executor', 'slurm', '--cpus', '1');
  const { exitCode, stderr } = await runCli(given, space.folder);
  assert.equal(exitCode, 0, stderr);
  assertTracked(server, 'slurmed');
  await assertSentOnce(server, given);
});

test('runs of a queue are tracked by who waits for them, or asks again', { skip: noServer() ?? false }, async t => {
  const postgres = startPostgres();
  t.after(() => postgres.remove());
  postgres.create('tracked');
  withEnvironment(t, { S3DELTA_QUEUE: postgres.url('tracked') });
  const server = await mlflow(t);
  const given = args('compare', 'queued', '--executor', 'postgres');
  const leaving = await runCli(given, space.folder, (text, interrupt) => {
    if (/are in the queue/.test(text)) interrupt();
  });
  assert.equal(leaving.exitCode, 130, leaving.stderr);
  assert.doesNotMatch(leaving.stderr, /mlflow|tensorboard/);
  assert.equal(server.asked.length, 0);
  const folders = `${space.folder},${join(tinyModel, '..')}`;
  const worked = await runCli(['worker', '--allow', folders, '--until-empty'], space.folder);
  assert.equal(worked.exitCode, 0, worked.stderr);
  assert.equal(server.asked.length, 0);
  const collected = await runCli(['collect', 'queued'], space.folder);
  assert.equal(collected.exitCode, 0, collected.stderr);
  // One was brought back by hand, the other is by the command that submitted them.
  rmSync(join(space.out('queued'), 'films', 'lora', 'seed-1'), { recursive: true });
  const { exitCode, stderr } = await runCli(given, space.folder);
  assert.equal(exitCode, 0, stderr);
  assertTracked(server, 'queued');
  await assertSentOnce(server, given);
});
