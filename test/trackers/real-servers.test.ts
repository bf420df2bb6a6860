import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RunFolder } from '../../src/runs/run-folder.ts';
import { runCli } from '../cli/support.ts';
import { withEnvironment } from '../hub/hub-server.ts';
import { writeRun } from '../serve/synthetic-runs.ts';

// The servers that people run, where S3DELTA_PYTHON names a Python that has them (pip install trackio mlflow). A run is
// sent while the server is down, which loses nothing; again when it is up; and what it has got is read back by the
// tracker's own client.

const python = process.env.S3DELTA_PYTHON;
const lacks = (name: string) =>
  python !== undefined && spawnSync(python, ['-c', `import ${name}`]).status === 0
    ? false
    : `S3DELTA_PYTHON names no Python with ${name}`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Starts a server in a process group of its own, and waits until it answers. */
async function serve(t: TestContext, args: readonly string[], url: string, env: Record<string, string>): Promise<void> {
  const server = spawn(python!, args, { env: { ...process.env, ...env }, stdio: 'ignore', detached: true });
  t.after(() => {
    process.kill(-server.pid!, 'SIGKILL');
  });
  for (;;) {
    assert.equal(server.exitCode, null, 'the server ended');
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await wait(200);
  }
}

async function asked<T>(script: string, args: readonly string[], env: Record<string, string> = {}): Promise<T> {
  const { stdout } = await promisify(execFile)(python!, ['-c', script, ...args], { env: { ...process.env, ...env } });
  return JSON.parse(stdout.split('\n').at(-2)!) as T;
}

interface Logged {
  readonly stage: string;
  readonly step: number;
  readonly score: number;
}

/** Steps and scores of a stage, as the run's own log has them. */
function scoresOf(folder: RunFolder, stage: string): [number, number][] {
  const lines = readFileSync(folder.metrics, 'utf8').trim().split('\n');
  const all = lines.map(line => JSON.parse(line) as Logged);
  return all.filter(line => line.stage === stage).map(({ step, score }) => [step, score]);
}

async function sentWhileDownThenUp(folder: RunFolder, tracker: string, start: () => Promise<void>): Promise<void> {
  const down = await runCli(['log', folder.path, '--to', tracker], '.');
  assert.equal(down.exitCode, 1, down.stdout + down.stderr);
  assert.match(down.stdout, new RegExp(`${tracker}: .*`));
  await start();
  const up = await runCli(['log', folder.path, '--to', tracker], '.');
  assert.equal(up.exitCode, 0, up.stdout + up.stderr);
  // Where the note of what was sent is lost, all of it goes again, and is there once.
  rmSync(join(folder.path, 'trackers.json'));
  const again = await runCli(['log', folder.path, '--to', tracker], '.');
  assert.equal(again.exitCode, 0, again.stdout + again.stderr);
}

const patience = { timeout: 180_000 };

test('a real trackio has every score once, and the settings', { skip: lacks('trackio'), ...patience }, async t => {
  const root = mkdtempSync(join(tmpdir(), 's3delta-trackio-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = writeRun(root, 'one');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { TRACKIO_DIR: join(root, 'trackio'), TRACKIO_WRITE_TOKEN: 'key' };
  withEnvironment(t, { TRACKIO_SERVER_URL: url, TRACKIO_WRITE_TOKEN: 'key', TRACKIO_PROJECT: 'films' });
  const script = `import trackio; trackio.show(open_browser=False, block_thread=True, server_port=${port})`;
  await sentWhileDownThenUp(folder, 'trackio', () => serve(t, ['-c', script], url, env));
  const read = `
import json, sys, trackio
from trackio.sqlite_storage import SQLiteStorage
[run] = list(trackio.Api().runs("films"))
rows = SQLiteStorage.get_logs("films", run.name)
scores = {
    stage: [[row["step"], row[stage + "/score"]] for row in rows if stage + "/score" in row] for stage in sys.argv[1:]
}
print(json.dumps([run.name, scores, run.config["model"]]))`;
  const [name, scores, model] = await asked<[string, Record<string, [number, number][]>, string]>(
    read,
    ['search', 'retrain'],
    env,
  );
  assert.match(name, /^one /);
  assert.equal(model, 'tiny-t5');
  for (const stage of ['search', 'retrain']) assert.deepEqual(scores[stage], scoresOf(folder, stage));
});

test('a real MLflow has every score once, settings, heat map and end', {
  skip: lacks('mlflow.server'),
  ...patience,
}, async t => {
  const root = mkdtempSync(join(tmpdir(), 's3delta-mlflow-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = writeRun(root, 'one');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  withEnvironment(t, { MLFLOW_TRACKING_URI: url, MLFLOW_EXPERIMENT_NAME: 'films', MLFLOW_TRACKING_TOKEN: undefined });
  const args = ['-m', 'mlflow', 'server', '--port', String(port), '--workers', '1'];
  const store = [
    '--backend-store-uri',
    `sqlite:///${join(root, 'db')}`,
    '--artifacts-destination',
    join(root, 'files'),
  ];
  await sentWhileDownThenUp(folder, 'mlflow', () => serve(t, [...args, ...store], `${url}/health`, {}));
  const read = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
[run] = client.search_runs([client.get_experiment_by_name("films").experiment_id])
points = {stage: client.get_metric_history(run.info.run_id, stage + "/score") for stage in sys.argv[2:]}
scores = {stage: sorted([point.step, point.value] for point in all) for stage, all in points.items()}
files = [file.path for file in client.list_artifacts(run.info.run_id)]
print(json.dumps([run.info.run_name, run.info.status, scores, run.data.params["model"], files]))`;
  const [name, status, scores, model, files] = await asked<
    [string, string, Record<string, [number, number][]>, string, string[]]
  >(read, [url, 'search', 'retrain']);
  assert.deepEqual([name, status, model, files], ['one', 'FINISHED', 'tiny-t5', ['heatmap.png']]);
  for (const stage of ['search', 'retrain']) assert.deepEqual(scores[stage], scoresOf(folder, stage));
});
