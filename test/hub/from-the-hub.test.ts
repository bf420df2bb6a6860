import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/core/errors.ts';
import { runImportJob } from '../../src/jobs/import-job.ts';
import { downloadMessages } from '../../src/jobs/job-events.ts';
import { encodeExamples } from '../../src/models/codec.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { loadTask, loadTaskData } from '../../src/tasks/tasks.ts';
import { runCli, workspace } from '../cli/support.ts';
import { type Files, type HubServer, startHub, withEnvironment } from './hub-server.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

/** Files below a folder, by their paths in it. */
function filesOf(folder: string): Files {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const paths = names.map(name => join(folder, name)).filter(path => statSync(path).isFile());
  return Object.fromEntries(paths.map(path => [relative(folder, path).replaceAll('\\', '/'), readFileSync(path)]));
}

async function hubWith(t: TestContext, repository: string, files: Files): Promise<HubServer> {
  const hub = await startHub(t, { repository, files });
  const home = mkdtempSync(join(tmpdir(), 's3delta-hub-'));
  t.after(() => rmSync(home, { recursive: true }));
  withEnvironment(t, { HF_ENDPOINT: hub.url, HF_HUB_CACHE: home, HF_TOKEN: undefined, HF_HUB_OFFLINE: undefined });
  return hub;
}

const downloaded = ({ requests }: HubServer) =>
  requests
    .flatMap(({ path }) => /resolve\/[0-9a-f]{40}\/(.*)/.exec(path)?.[1] ?? [])
    .filter((name, i, all) => all.indexOf(name) === i);

for (const name of ['tiny-t5', 'tiny-t5-sharded']) {
  test(`a model on the Hub, ${name}: only what is read is downloaded, and it computes as the folder does`, async t => {
    const folder = join(fixtures, name);
    const more = { 'pytorch_model.bin': 'x', 'README.md': 'x', 'onnx/model.safetensors': 'x', '.gitattributes': 'x' };
    const hub = await hubWith(t, `models/org/${name}`, { ...filesOf(folder), ...more });
    const [remote, local] = await Promise.all([
      loadModel(`org/${name}`, { threads: 1 }),
      loadModel(folder, { threads: 1 }),
    ]);
    assert.deepEqual([remote.name, remote.fingerprint], [name, local.fingerprint]);
    assert.ok(
      downloaded(hub).every(path => !Object.hasOwn(more, path)),
      String(downloaded(hub)),
    );
    const batch = encodeExamples(local.codec({}, { maxLength: 16 }), [
      { input: [{ text: 'a good film' }], output: { text: '1' } },
    ]);
    const losses = await Promise.all(
      [remote, local].map(async model => {
        const program = await model.compile([]);
        const { loss } = await program.lossAndGradients(batch, new Float32Array());
        await program.release();
        return loss;
      }),
    );
    assert.equal(losses[0], losses[1]);
  });
}

test('every file that holds a part of the tokenizer is downloaded', async t => {
  const { 'tokenizer.json': _, ...files } = filesOf(join(fixtures, 'tiny-t5'));
  const more = { 'added_tokens.json': '{"[EXT]": 156}', 'special_tokens_map.json': '{"eos_token": "</s>"}' };
  const hub = await hubWith(t, 'models/org/slow', { ...files, ...more });
  const { tokenizer } = await loadModel('org/slow');
  assert.deepEqual(tokenizer.encode('[EXT]'), [156]);
  assert.ok(Object.keys(more).every(name => downloaded(hub).includes(name)));
});

test('of weights that are there whole and in shards the whole ones are taken', async t => {
  const [whole, shards] = [filesOf(join(fixtures, 'tiny-t5')), filesOf(join(fixtures, 'tiny-t5-sharded'))];
  const hub = await hubWith(t, 'models/org/both', { ...shards, ...whole });
  await loadModel('org/both');
  assert.deepEqual(
    downloaded(hub).filter(path => path.startsWith('model')),
    ['model.safetensors'],
  );
});

test('a repository without safetensors is refused before anything is downloaded', async t => {
  const hub = await hubWith(t, 'models/org/old', { 'config.json': '{}', 'pytorch_model.bin': 'x' });
  await assert.rejects(loadModel('org/old'), (error: unknown) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /^org\/old: this repository has no weights as safetensors/);
    assert.match(error.remedy!, /org\/old@refs\/pr\/N/);
    return true;
  });
  assert.deepEqual(downloaded(hub), []);
});

test('a data set on the Hub: the files of the task alone, and a local folder wins', async t => {
  const files = filesOf(join(fixtures, 'parquet'));
  const hub = await hubWith(t, 'datasets/org/glue', files);
  const told: string[] = [];
  const onDownload = downloadMessages(event => event.type === 'message' && told.push(event.text));
  const task = await loadTask('rte');
  const { train, validation, test: held } = await loadTaskData(task, { data: 'org/glue', seed: 0, onDownload });
  assert.deepEqual([train.length, validation.length + held.length], [6, 6]);
  assert.ok(
    downloaded(hub).every(path => /^glue\/rte\/(train|validation)-/.test(path)),
    String(downloaded(hub)),
  );
  assert.match(told[0]!, /^downloading glue\/rte\/train-00000-of-00002\.parquet, /);
  await assert.rejects(loadTaskData(await loadTask('cola'), { data: 'org/glue', seed: 0 }), (error: unknown) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /no file that task cola reads/);
    return true;
  });

  const { folder } = workspace();
  t.after(() => rmSync(folder, { recursive: true }));
  hub.requests.length = 0;
  await assert.rejects(loadTaskData(task, { data: join(folder, 'films'), seed: 0 }), /no data of GLUE's RTE here/);
  assert.deepEqual(hub.requests, []);
});

test('the command line names the offline remedy, with exit code 2, and touches no file', async t => {
  const hub = await hubWith(t, 'models/org/name', {});
  await hub.close();
  const space = workspace();
  t.after(() => rmSync(space.folder, { recursive: true }));
  const before = space.list();
  const args = ['search', '--model', 'org/name', '--task', space.task, '--out', 'run'];
  const { exitCode, stderr } = await runCli(args, space.folder);
  assert.equal(exitCode, 2, stderr);
  assert.match(stderr, /org\/name: there is no such folder, and the Hub cannot be reached/);
  assert.match(stderr, /copy the model here and give its folder/);
  assert.deepEqual(space.list(), before);
});

test('downloads are told when a file begins and every five seconds', () => {
  const told: string[] = [];
  let time = 0;
  const show = downloadMessages(
    event => event.type === 'message' && told.push(event.text),
    () => time,
  );
  for (let bytes = 1e8; bytes <= 1e9; bytes += 1e8) {
    show({ path: 'a', bytes, size: 1e9 });
    time += 2000;
  }
  show({ path: 'b', bytes: 1, size: 2e6 });
  assert.deepEqual(told, ['downloading a, 1.0 GB', 'a: 40 %', 'a: 70 %', 'a: 100 %', 'downloading b, 2 MB']);
});

test('an adapter on the Hub is imported: of its repository no other file is fetched', async t => {
  const adapter = filesOf(join(fixtures, 'tiny-t5-v1_1.adapter'));
  const hub = await hubWith(t, 'models/org/adapter', { ...adapter, 'README.md': 'x', 'optimizer.pt': 'x' });
  const { task, folder } = workspace();
  const settings = { model: join(fixtures, 'tiny-t5-v1_1'), task };
  const there = await runImportJob('org/adapter', settings, { out: join(folder, 'there') });
  assert.deepEqual(downloaded(hub).sort(), ['adapter_config.json', 'adapter_model.safetensors']);
  const here = await runImportJob(join(fixtures, 'tiny-t5-v1_1.adapter'), settings, { out: join(folder, 'here') });
  assert.ok(readFileSync(there.folder.delta).equals(readFileSync(here.folder.delta)));
});
