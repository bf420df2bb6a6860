import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tinyModel } from '../../cli/support.ts';
import { experimentWorkspace } from '../support.ts';
import { noServer, type PostgresServer, secrets, startPostgres } from './postgres-server.ts';

// Real command lines on a real PostgreSQL: what one machine makes, a queue makes.

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

describe('a queue on PostgreSQL', { skip: noServer() ?? false }, () => {
  let server: PostgresServer;
  const space = experimentWorkspace();
  const outputs: string[] = [];

  before(() => {
    server = startPostgres();
    for (const name of ['runs', 'other']) server.create(name);
  });
  after(() => server.remove());

  interface Ended {
    readonly exitCode: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }

  /** A command line as a user types it, with the queue in its environment. */
  function start(args: readonly string[], url: string, env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: space.folder,
      env: { ...process.env, NO_COLOR: '1', S3DELTA_QUEUE: url, ...env },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text;
    });
    const ended = new Promise<Ended>(resolve => {
      child.on('close', exitCode => {
        outputs.push(stdout, stderr);
        resolve({ exitCode, stdout, stderr });
      });
    });
    return {
      child,
      ended,
      stderr: () => stderr,
      said: (text: RegExp) => waitFor(() => text.test(stderr), String(text)),
    };
  }

  const say = async (args: readonly string[], url = server.url('runs'), env = {}) => {
    const { exitCode, stdout, stderr } = await start(args, url, env).ended;
    return { exitCode, stdout, stderr };
  };

  const experiment = (out: string) => [
    ...['compare', '--model', tinyModel, '--task', `${space.films},${space.books}`, '--methods', 'found,lora'],
    ...['--seeds', '0,1', '--budget', '500', '--share-search', '--threads', '1', '--lr', '0.01', '--order', 'first'],
    ...['--max-steps', '2', '--eval-every', '2', '--retrain-eval-every', '2', '--out', out],
  ];
  const workerArgs = ['worker', '--allow', `${space.folder},${join(tinyModel, '..')}`, '--until-empty'];

  test('a comparison has the same bytes as on one machine, by a worker and a submitter with the least rights', async () => {
    const here = await say(experiment('here'));
    assert.equal(here.exitCode, 0, here.stderr);
    const passwords = { S3DELTA_WORKER_PASSWORD: secrets[0]!, S3DELTA_SUBMITTER_PASSWORD: secrets[0]! };
    for (let times = 0; times < 2; times++) {
      const made = await say(['queue', '--worker', 'anna', '--submitter', 'sam'], server.url('runs'), passwords);
      assert.equal(made.exitCode, 0, made.stderr);
    }
    const workerUrl = server.url('runs', 'anna');
    const submitter = start([...experiment('queued'), '--executor', 'postgres'], server.url('runs', 'sam'));
    await submitter.said(/are in the queue/);
    // The second phase comes when the first is through: this one is to stay.
    const worker = start(workerArgs.slice(0, -1), workerUrl);
    const { exitCode, stderr } = await submitter.ended;
    worker.child.kill('SIGTERM');
    const worked = await worker.ended;
    assert.equal(exitCode, 0, stderr + worked.stderr);
    assert.equal(worked.exitCode, 0, worked.stderr);
    assert.deepEqual(filesOf(join(space.folder, 'queued')), filesOf(join(space.folder, 'here')));
  });

  test('what stands in the queue is told, of one folder and of all', async () => {
    const one = await say(['status', 'queued']);
    assert.equal(one.exitCode, 0, one.stderr);
    assert.match(one.stdout, /12 runs: 12 done/);
    const all = await say(['status']);
    assert.match(all.stdout, /queued-[0-9a-f]{6} +0 +12 +0 +0 +12 +0/);
  });

  test('the page shows the queue', async () => {
    const served = start(['serve', 'queued', '--port', '0'], server.url('runs', 'anna'));
    await served.said(/the queue is shown at/);
    const [, url] = /queue is shown at (\S+)/.exec(served.stderr())!;
    const page = await (await fetch(url!)).text();
    assert.match(page, /<td>queued-[0-9a-f]{6}<\/td><td>0<\/td><td>12<\/td><td>0<\/td><td>0<\/td><td>12<\/td>/);
    served.child.kill('SIGTERM');
    await served.ended;
  });

  test('what was done is brought back into a folder on another machine', async () => {
    const { stdout } = await say(['queue', '--json']);
    const [{ name }] = (JSON.parse(stdout) as { experiments: [{ name: string }] }).experiments;
    const collected = await say(['collect', 'elsewhere', '--experiment', name], server.url('runs', 'sam'));
    assert.equal(collected.exitCode, 0, collected.stderr);
    const runs = (folder: string) =>
      Object.fromEntries(Object.entries(filesOf(folder)).filter(([path]) => path.includes('seed-')));
    assert.deepEqual(runs(join(space.folder, 'elsewhere')), runs(join(space.folder, 'here')));
  });

  test('a run whose worker is killed goes on from its checkpoint on a machine with other paths', async () => {
    const long = (out: string) => [
      ...[
        'compare',
        '--model',
        tinyModel,
        '--task',
        space.films,
        '--methods',
        'lora',
        '--seeds',
        '1',
        '--threads',
        '1',
      ],
      ...['--lr', '0.01', '--epochs', '200', '--retrain-epochs', '200', '--retrain-eval-every', '5', '--out', out],
    ];
    await say(['queue']);
    const here = await say(long('long'));
    assert.equal(here.exitCode, 0, here.stderr);
    const submitter = start([...long('killed'), '--executor', 'postgres', '--lease', '10'], server.url('runs', 'sam'));
    await submitter.said(/are in the queue/);
    const url = server.url('runs', 'anna');
    const first = start([...workerArgs, '--checkpoint-every', '0.2'], url);
    const checkpoints = "SELECT count(*) FROM s3delta.file WHERE path LIKE 'checkpoint/%'";
    await waitFor(() => server.query('runs', checkpoints) !== '0', 'a checkpoint');
    first.child.kill('SIGKILL');
    const other = mkdtempSync(join(tmpdir(), 's3delta-other-machine-'));
    cpSync(join(space.folder, 'films'), join(other, 'films'), { recursive: true });
    cpSync(tinyModel, join(other, 'tiny-t5'), { recursive: true });
    const second = start(['worker', '--allow', other, '--until-empty'], url);
    const [{ exitCode, stderr }, worked] = await Promise.all([submitter.ended, second.ended]);
    assert.equal(exitCode, 0, stderr + worked.stderr);
    assert.equal(server.query('runs', 'SELECT max(attempt) FROM s3delta.done'), '1');
    assert.deepEqual(filesOf(join(space.folder, 'killed')), filesOf(join(space.folder, 'long')));
  });

  test('no password stands in any output or run folder', () => {
    const written = [
      ...outputs,
      ...['queued', 'elsewhere'].flatMap(name => Object.values(filesOf(join(space.folder, name), true))),
    ];
    assert.ok(written.length > 10);
    for (const text of written) for (const secret of secrets) assert.ok(!text.includes(secret));
  });
});

/** Everything in a folder that does not tell of time and place, by path. */
function filesOf(folder: string, whole = false): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  return Object.fromEntries(
    paths.flatMap(path => {
      const bytes = readFileSync(join(folder, path));
      if (whole) return [[path, bytes.toString('latin1')]];
      if (/\.(svg|html|md|csv)$|^compare|^matrix|^cells/.test(path)) return [];
      if (path.endsWith('safetensors')) return [[path, createHash('sha256').update(bytes).digest('hex')]];
      const text = bytes.toString();
      const timeless = text
        .replaceAll(/"(seconds|peakBytes)": ?[\d.e+-]+/g, '"$1":0')
        .replaceAll(/"(time|memory)": [\d.e+-]+/g, '"$1":0')
        .replaceAll(/"at": "[^"]+"/g, '"at": ""')
        .replaceAll(/\b(here|queued|elsewhere|long|killed)\//g, 'out/')
        .replaceAll(/"([\w.-]+)": "([0-9a-f]{64})"/g, (whole, name: string, noted: string) => {
          if (!path.endsWith('outcome.json')) return whole;
          // What it notes of files that tell of time and place is right, but another for each.
          assert.equal(
            createHash('sha256')
              .update(readFileSync(join(folder, path, '..', name)))
              .digest('hex'),
            noted,
          );
          return `"${name}": ""`;
        });
      return [[path, timeless]];
    }),
  );
}

async function waitFor(isSo: () => boolean, what: string, seconds = 60): Promise<void> {
  for (let tries = 0; tries < seconds * 20; tries++) {
    if (isSo()) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  assert.fail(`waited for ${what}`);
}
