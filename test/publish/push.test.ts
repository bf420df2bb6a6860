import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { runExportJob } from '../../src/jobs/export-job.ts';
import { runPredictJob } from '../../src/jobs/predict-job.ts';
import { runTrainJob } from '../../src/jobs/run-job.ts';
import { pushRun, requireNothingPrivate } from '../../src/publish/push-job.ts';
import { runCli, workspace } from '../cli/support.ts';
import { startHub, withEnvironment } from '../hub/hub-server.ts';
import { type Failures, storageToken, uploadsTo } from './hub-uploads.ts';

const space = workspace();
const model = space.copyModel('base-model');
const run = join(space.folder, 'run');
const name = 'me/films';
const token = 'hf_aTokenThatMayWriteThings';
const licence = 'apache-2.0';

before(async () => {
  const settings = { model, task: space.task, method: 'lora', 'max-steps': 2, 'retrain-epochs': 1, seed: 7 } as const;
  await runTrainJob(settings, { out: run });
});

/** The Hub and, on another port, where it stores large files. */
async function hubFor(t: TestContext, failures: Failures = {}, transfer: 'basic' | 'xet' = 'basic') {
  const storage = await startHub(t, { repository: `models/${name}`, files: {} });
  const hub = await startHub(t, { repository: `models/${name}`, files: {} });
  const uploads = uploadsTo(name, () => storage.url, failures, transfer);
  hub.interfere(uploads.answer);
  storage.interfere(uploads.answer);
  withEnvironment(t, { HF_ENDPOINT: hub.url, HF_TOKEN: token, HF_HUB_OFFLINE: undefined });
  return { hub, storage, uploads };
}

const left = () => readdirSync(tmpdir()).filter(each => each.startsWith('s3delta-push-'));

test('a run is put on the Hub with its card, as one commit, byte for byte what export writes', async t => {
  const { hub, storage, uploads } = await hubFor(t);
  const outcome = await pushRun(run, name, { licence, isPrivate: true });
  assert.deepEqual(outcome.uploaded, { url: `https://hub/${name}`, commit: 'c'.repeat(40) });
  assert.equal(uploads.created[0]!.visibility, 'private');
  assert.equal(uploads.commits.length, 1);
  assert.deepEqual([...uploads.files.keys()].sort(), [...outcome.files].sort());
  assert.ok(storage.requests.length > 0 && storage.requests.every(request => !request.token), 'the token stays here');
  assert.ok(hub.requests.every(request => request.token));
  const exported = await runExportJob(run, { format: 'onnx' });
  for (const file of exported.files.filter(each => each !== 's3delta.json')) {
    assert.ok(uploads.files.get(file)!.equals(readFileSync(join(exported.folder, file))), file);
  }
  assert.deepEqual(left(), []);
});

test('where the Hub stores large files by xet they go there in chunks, with the token for it alone', async t => {
  const { hub, storage, uploads } = await hubFor(t, {}, 'xet');
  const tokens = new Set<string | undefined>();
  storage.interfere((path, request, response) => {
    tokens.add(request.headers.authorization);
    return uploads.answer(path, request, response);
  });
  const outcome = await pushRun(run, name, { licence });
  assert.equal(uploads.commits.length, 1);
  assert.deepEqual([...uploads.files.keys()].sort(), [...outcome.files].sort());
  assert.deepEqual([...tokens], [`Bearer ${storageToken}`]);
  assert.ok(hub.requests.length > 0 && storage.requests.every(({ path }) => path.startsWith('/v1/')));
  const { folder } = await runExportJob(run, { format: 'onnx' });
  assert.ok(uploads.large.size >= 2);
  for (const [file, hash] of uploads.large) {
    assert.equal(
      hash,
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
      file,
    );
  }
  assert.ok(uploads.chunks.xorbs > 0 && uploads.chunks.shards > 0);
  assert.deepEqual(left(), []);
});

for (const failures of [{ xorb: 500 }, { xorb: 'cut' }, { shard: 403 }, { shard: 'cut' }] as const) {
  test(`by xet, ${JSON.stringify(failures)}: told with its remedy, and nothing is committed`, async t => {
    const { uploads } = await hubFor(t, failures, 'xet');
    await assert.rejects(pushRun(run, name, { licence }), { code: 'hub-failed', remedy: /.../ });
    assert.deepEqual([uploads.files.size, uploads.commits.length, left()], [0, 0, []]);
  });
}

test('a dry run writes the folder, which answers, and asks nobody', async t => {
  withEnvironment(t, { HF_TOKEN: undefined, HF_ENDPOINT: 'http://127.0.0.1:1' });
  for (const format of ['onnx', 'safetensors', 'peft']) {
    const folder = join(space.folder, `dry-${format}`);
    const { files } = await pushRun(run, name, { licence, format, dryRun: folder });
    assert.ok(files.includes('README.md') && files.includes('structure.svg') && files.includes('s3delta.json'));
    if (format === 'peft') continue;
    for await (const { label } of runPredictJob(folder, [{ line: 1, text: 'a good film' }])) {
      assert.ok(['bad', 'good'].includes(label!));
    }
  }
});

test('the card tells task, data, budget, scores with seed and interval, the verdict, and three programs', async () => {
  const folder = join(space.folder, 'dry-onnx');
  const card = readFileSync(join(folder, 'README.md'), 'utf8');
  const { score, testInterval } = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8'));
  const metadata = parse(/^---\n([\s\S]*?)---\n/.exec(card)![1]!);
  assert.equal(metadata.license, licence);
  assert.equal(metadata.pipeline_tag, 'text2text-generation');
  assert.equal(metadata.base_model, undefined, 'a folder is no model of the Hub');
  const [{ name: title, results }] = metadata['model-index'];
  assert.equal(title, 'films');
  assert.deepEqual(results[0].dataset, { name: 'films', type: 'films', split: 'test' });
  const [metric] = results[0].metrics;
  assert.deepEqual([metric.type, metric.value], ['accuracy', score.test]);
  const interval = `${testInterval.low.toFixed(1)} to ${testInterval.high.toFixed(1)}`;
  assert.ok(metric.name.includes('seed 7') && metric.name.includes(interval), metric.name);
  for (const said of ['24 rows, chosen by 8, tested on 8', 'of a budget of', 'structure.svg', '## Verdict', interval]) {
    assert.ok(card.includes(said), said);
  }
  const programs = [...card.matchAll(/^With (.*):$/gm)].map(([, program]) => program);
  assert.deepEqual(programs, ['transformers.js', 'Optimum', 's3delta']);
  assert.match(readFileSync(join(folder, 'structure.svg'), 'utf8'), /^<svg/);
});

test('nothing private is in what is written: no path, token, name of machine or user, no row of the data', async () => {
  const rows = ['train', 'validation', 'test'].flatMap(part =>
    readFileSync(join(space.folder, 'films', `${part}.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).text as string),
  );
  const user = `/${userInfo().username}/`;
  const secrets = [space.folder, homedir(), user, hostname(), tmpdir(), process.cwd(), 'base-model/', token, ...rows];
  for (const format of ['onnx', 'safetensors', 'peft']) {
    const folder = join(space.folder, `dry-${format}`);
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(json|md|svg|onnx|safetensors)$/.test(file)) continue;
      const content = readFileSync(join(folder, file));
      const found = secrets.find(secret => secret.length >= 4 && content.includes(secret));
      assert.equal(found, undefined, `${format}/${file}`);
    }
  }
});

test('a base whose config names a path is refused, and nothing is left', async t => {
  const { uploads } = await hubFor(t);
  const leaky = space.copyModel('leaky');
  const config = JSON.parse(readFileSync(join(leaky, 'config.json'), 'utf8'));
  writeFileSync(join(leaky, 'config.json'), JSON.stringify({ ...config, _name_or_path: '/home/rob/models/t5' }));
  const other = join(space.folder, 'leaky-run');
  await runTrainJob(
    { model: leaky, task: space.task, method: 'bitfit', 'max-steps': 1, 'retrain-epochs': 1 },
    { out: other },
  );
  const dryRun = join(space.folder, 'leaky-hub');
  await assert.rejects(pushRun(other, name, { licence, dryRun }), { code: 'private-content', message: /config.json/ });
  await assert.rejects(pushRun(other, name, { licence }), { code: 'private-content' });
  assert.ok(!existsSync(dryRun));
  assert.deepEqual([uploads.created, left()], [[], []]);
});

test('a token, a folder of ours and a machine are found, words that only look alike are not', async () => {
  const check = (text: string) => {
    const folder = mkdtempSync(join(tmpdir(), 's3delta-private-'));
    writeFileSync(join(folder, 'README.md'), text);
    return requireNothingPrivate(folder, ['/data/films/run']);
  };
  const secrets = [
    `${join(homedir(), 'x')}`,
    'hf_abcdefghijklmnopqrstu',
    '(/data/films/run/x)',
    `${userInfo().username}@x`,
  ];
  for (const secret of secrets) {
    await assert.rejects(check(`told by ${secret} here`), { code: 'private-content', where: 'README.md' });
  }
  await check(`a ${userInfo().username} of it; hf_ is a prefix; /data/films/runs is another folder`);
});

test('an abort while a file is on its way ends the push, and nothing is left', async t => {
  const { hub, storage, uploads } = await hubFor(t);
  const controller = new AbortController();
  storage.interfere(() => {
    controller.abort();
    return true;
  });
  await assert.rejects(pushRun(run, name, { licence, signal: controller.signal }), InterruptedError);
  assert.ok(hub.requests.length > 0);
  assert.deepEqual([uploads.files.size, uploads.commits.length, left()], [0, 0, []]);
});

test('the licence is that of the base’s card; where it says none it is asked for', async () => {
  const dryRun = join(space.folder, 'licensed');
  await assert.rejects(pushRun(run, name, { dryRun }), { code: 'missing-licence', remedy: /--license NAME/ });
  writeFileSync(join(model, 'README.md'), '---\nlicense: mit\nlanguage: en\n---\n# A model\n');
  await pushRun(run, name, { dryRun });
  assert.match(readFileSync(join(dryRun, 'README.md'), 'utf8'), /^---\nlicense: mit\n/);
  cpSync(join(space.folder, 'films', 'train.jsonl'), join(dryRun, 'mine.jsonl'));
  await assert.rejects(pushRun(run, name, { dryRun }), { code: 'folder-in-use' });
});

const refusals: readonly [Failures, what: RegExp, remedy: RegExp][] = [
  [{ create: 401 }, /does not take this token/, /set HF_TOKEN/],
  [{ create: 403 }, /may not write to me/, /write permission for me/],
  [{ create: 409 }, /a model of this name already/, /--update/],
  [{ create: 503 }, /status 503; nothing was written/, /try again later$/],
  [{ create: 'cut' }, /cut off/, /try again later$/],
  [{ preupload: 403 }, /may not write/, /permission/],
  [{ batch: 413 }, /larger than the Hub takes/, /--dtype int8/],
  [{ put: 500 }, /status 500; no file is in the repository yet/, /later with --update/],
  [{ put: 'cut' }, /cut off.*no file is in the repository yet/, /later with --update/],
  [{ commit: 409 }, /changed in the meantime/, /push again with --update/],
  [{ commit: 413 }, /larger than the Hub takes/, /smaller form/],
  [{ commit: 502 }, /status 502; no file/, /later with --update/],
  [{ commit: 'cut' }, /cut off.*no file/, /later with --update/],
];

for (const [failures, what, remedy] of refusals) {
  test(`${JSON.stringify(failures)} is told with its remedy, and leaves nothing half`, async t => {
    const { uploads } = await hubFor(t, failures);
    await assert.rejects(pushRun(run, name, { licence }), (error: InputError) => {
      assert.ok(error instanceof InputError, String(error));
      assert.equal(error.code, 'hub-failed');
      assert.match(error.what, what);
      assert.match(error.remedy!, remedy);
      return true;
    });
    assert.deepEqual([uploads.files.size, uploads.commits.length, left()], [0, 0, []]);
  });
}

test('a repository that is there is added to only where that is said', async t => {
  const { uploads } = await hubFor(t, { create: 409 });
  await pushRun(run, name, { licence, mayUpdate: true });
  assert.equal(uploads.commits.length, 1);
});

test('no token, no name and an interruption are told before anything is sent', async t => {
  const { hub } = await hubFor(t);
  await assert.rejects(pushRun(run, 'films', { licence }), { code: 'unknown-value' });
  await assert.rejects(pushRun(run, 'me/films@main', { licence }), { code: 'unknown-value' });
  await assert.rejects(pushRun(run, name, { licence, signal: AbortSignal.abort() }), InterruptedError);
  withEnvironment(t, { HF_TOKEN: undefined });
  await assert.rejects(pushRun(run, name, { licence }), { code: 'missing-token', remedy: /--dry-run/ });
  assert.equal(hub.requests.length, 0);
});

test('the command says where it is', async () => {
  const { exitCode, stdout } = await runCli(['push', run, name, '--license', 'mit', '--dry-run'], space.folder);
  assert.equal(exitCode, 0);
  assert.match(stdout, /hub: README\.md, .*nothing was uploaded/);
});
