import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensorsHeader } from '../../src/files/safetensors.ts';
import { start } from '../faults/runs.ts';
import { runCli, workspace } from './support.ts';

const space = workspace();
const model = space.copyModel('model');
const weights = join(model, 'model.safetensors');
const at = (name: string) => join(space.folder, name);
const common = ['--model', model, '--task', space.task, '--threads', '1', '--max-length', '16', '--max-steps', '4'];
const train = (out: string) => ['train', ...common, '--method', 'bitfit', '--retrain-eval-every', '2', '--out', out];

/** Changes a file for as long as some work takes. */
async function whileChanged(file: string, change: (bytes: Buffer) => string | Buffer, work: () => Promise<void>) {
  const before = readFileSync(file);
  writeFileSync(file, change(Buffer.from(before)));
  try {
    await work();
  } finally {
    writeFileSync(file, before);
  }
}

/** The same with the middle of one tensor written anew. */
async function withTensor(name: string, bytes: readonly number[], work: () => Promise<void>): Promise<void> {
  const { offset, byteLength } = (await readSafetensorsHeader(weights)).tensors.get(name)!;
  const write = (all: Buffer) => {
    const changed = Buffer.from(all);
    for (let i = offset; i < offset + byteLength; i += bytes.length) changed.set(bytes, i);
    return changed;
  };
  await whileChanged(weights, write, work);
}

const finished = await runCli(train(at('run')), space.folder);
assert.equal(finished.exitCode, 0, finished.stderr);
const answers = async (...more: string[]) =>
  runCli(['predict', at('run'), 'a good film', '--json', ...more], space.folder);
const labelOf = (stdout: string) => JSON.parse(stdout).predictions[0].label;
const { stdout: before } = await answers();

test('predict goes by the task that the run was trained on, and says what its file says otherwise', async () => {
  const swapped = (text: Buffer) => text.toString().replace("bad: '0', good: '1'", "bad: '1', good: '0'");
  await whileChanged(space.task, swapped, async () => {
    const { exitCode, stdout, stderr } = await answers();
    assert.equal(exitCode, 0, stderr);
    assert.equal(labelOf(stdout), labelOf(before));
    assert.match(
      stderr,
      /^warning: .*task\.yaml has changed since the run was trained.*labels: \["bad → 0","good → 1"\] then/,
    );
    // Who names the file wants what it says.
    const given = await answers('--task', space.task);
    assert.notEqual(labelOf(given.stdout), labelOf(before));
    assert.equal((await runCli(['evaluate', at('run')], space.folder)).exitCode, 0);
  });
  await whileChanged(
    space.task,
    text => `# a comment\n${text}`,
    async () => assert.equal((await answers()).stderr, ''),
  );
});

test('it needs the file no more', async () => {
  copyFileSync(space.task, at('kept.yaml'));
  rmSync(space.task);
  const { exitCode, stdout, stderr } = await answers();
  copyFileSync(at('kept.yaml'), space.task);
  assert.equal(exitCode, 0, stderr);
  assert.equal(labelOf(stdout), labelOf(before));
});

test('a model with other bytes than those trained on is refused, by the name of the file', async () => {
  const flipped = (bytes: Buffer) => bytes.fill((bytes.at(-5)! ^ 1) & 0xff, bytes.length - 5, bytes.length - 4);
  await whileChanged(weights, flipped, async () => {
    const { exitCode, stderr } = await answers();
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      /the model's files are not those that this run was trained on: model.safetensors has changed\n→ /,
    );
  });
  assert.equal(labelOf((await answers()).stdout), labelOf(before));
});

test('numbers that are none are refused by file and tensor, and a matrix of zeros is told', async () => {
  const name = 'encoder.block.0.layer.0.SelfAttention.q.weight';
  await withTensor(name, [0, 0, 0xc0, 0x7f], async () => {
    const { exitCode, stderr } = await runCli(train(at('nan')), space.folder);
    assert.equal(exitCode, 2);
    assert.ok(stderr.includes(`${weights}: numbers that are not finite (NaN or infinity) stand in ${name}`), stderr);
  });
  await withTensor(name, [0, 0, 0, 0], async () => {
    const { exitCode, stderr } = await runCli(train(at('zero')), space.folder);
    assert.equal(exitCode, 0, stderr);
    assert.ok(stderr.includes(`warning: zeros alone stand in ${name}`), stderr);
  });
});

test('what has changed between a kill and --resume is named, and nothing goes on; put back, the run goes on', async () => {
  const out = at('killed');
  const { signal } = await start(train(out), { fault: { S3DELTA_FAULT: 'kill@60' } });
  assert.equal(signal, 'SIGKILL');
  const resume = () => runCli(['train', '--resume', '--out', out], space.folder);
  const rows = join(space.folder, 'films', 'train.jsonl');
  const refused = async (says: RegExp) => {
    const { exitCode, stderr } = await resume();
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, says);
  };
  const flip = (text: Buffer) => text.toString().replace('"label":"bad"', '"label":"good"');
  await whileChanged(rows, flip, () =>
    refused(/has changed: examples of train \(24 rows, others than then\): .*train\.jsonl\n→/),
  );
  await whileChanged(
    weights,
    bytes => bytes.fill(bytes.at(-5)! ^ 1, bytes.length - 5, bytes.length - 4),
    () => refused(/has changed: the model's model\.safetensors has changed\n→/),
  );
  const other = (text: Buffer) => text.toString().replace('film: {text}', 'movie: {text}');
  await whileChanged(space.task, other, () =>
    refused(/has changed: the task's template: "film: \{text\}" then, "movie: \{text\}" now; examples of train/),
  );
  appendFileSync(join(space.folder, 'films', 'notes.txt'), 'no matter');
  const { exitCode, stderr } = await resume();
  assert.equal(exitCode, 0, stderr);
});
