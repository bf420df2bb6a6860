import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { argsOf } from '../../src/cli/command.ts';
import { exportRun } from '../../src/cli/commands/export-commands.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { readInputs } from '../../src/data/read-inputs.ts';
import { readDescription } from '../../src/export/description.ts';
import { runEvaluateJob } from '../../src/jobs/evaluate-job.ts';
import type { RoundingLoss } from '../../src/jobs/export-job.ts';
import { type AnsweredInput, runPredictJob } from '../../src/jobs/predict-job.ts';
import { runCli, tinyModel, workspace } from './support.ts';

const space = workspace();
const run = join(space.folder, 'run');
const asked = join(space.folder, 'films', 'test.jsonl');

const loraRun = join(space.folder, 'lora-run');
const chooser = join(space.folder, 'chooser');

before(async () => {
  for (const [method, out] of [
    ['adapter', run],
    ['lora', loraRun],
    ['lora', chooser],
  ] as const) {
    const data = ['--model', tinyModel, '--task', space.task];
    const args = ['train', '--method', method, ...data, '--lr', '0.01', '--out', out];
    if (out === chooser) args.push('--answers', 'choose');
    const { exitCode, stderr } = await runCli(args, space.folder);
    assert.equal(exitCode, 0, stderr);
  }
});

function exportTo(args: readonly string[], { signal = new AbortController().signal, from = run } = {}) {
  const given = parseArguments([from, ...args], { ...argsOf(exportRun), json: { type: 'boolean', description: '' } });
  return exportRun.run(given, { catalogue: builtIn, colour: false, signal });
}

async function answers(folder: string): Promise<AnsweredInput[]> {
  const found: AnsweredInput[] = [];
  for await (const answer of runPredictJob(folder, readInputs(asked))) found.push(answer);
  return found;
}

function assertSameAnswers(actual: readonly AnsweredInput[], expected: readonly AnsweredInput[]): void {
  assert.equal(actual.length, 8);
  const exact = ({ line, source, answer, label }: AnsweredInput) => ({ line, source, answer, label });
  assert.deepEqual(actual.map(exact), expected.map(exact));
  for (const [i, { probability, seconds }] of actual.entries()) {
    assert.ok(Math.abs(probability! - expected[i]!.probability!) < 1e-4);
    assert.ok(seconds > 0);
  }
}

describe('as ONNX', () => {
  test('what rounding costs is measured on the run’s validation rows, and said; without the data that is said', async () => {
    const out = join(space.folder, 'rounded');
    const { lines, document } = await exportTo(['--format', 'onnx', '--dtype', 'fp32,fp16,int8', '--out', out], {
      from: chooser,
    });
    const { rounding } = document as { rounding: RoundingLoss };
    assert.deepEqual([rounding.metric, rounding.examples], ['accuracy', 8]);
    assert.deepEqual(Object.keys(rounding.rounded), ['fp16', 'int8']);
    const { score } = await runEvaluateJob(chooser, 'validation', {});
    assert.equal(rounding.exact, score);
    // The same by what `predict` answers from that form alone.
    const alone = join(space.folder, 'alone');
    await exportTo(['--format', 'onnx', '--dtype', 'int8', '--out', alone, '--max-validation', '4'], { from: chooser });
    const validation = join(space.folder, 'films', 'validation.jsonl');
    const right = readFileSync(validation, 'utf8')
      .trim()
      .split('\n')
      .map(row => JSON.parse(row).label);
    const labels: unknown[] = [];
    for await (const { label } of runPredictJob(alone, readInputs(validation))) labels.push(label);
    const hits = labels.filter((label, i) => label === right[i]).length;
    assert.equal(rounding.rounded.int8, (100 * hits) / 8);
    assert.match(lines.join('\n'), /^fp16: accuracy .* on 8 validation rows, .* the run$/m);
    const elsewhere = join(space.folder, 'films-gone');
    renameSync(join(space.folder, 'films'), elsewhere);
    const blind = await exportTo(['--format', 'onnx', '--dtype', 'int8', '--out', join(space.folder, 'blind')]);
    renameSync(elsewhere, join(space.folder, 'films'));
    assert.match(blind.lines.join('\n'), /what rounding costs is not measured: .*films/);
    const plain = await exportTo(['--format', 'onnx', '--out', join(space.folder, 'plain')]);
    assert.equal(plain.lines.length, 1);
  });

  test('a real process writes the folder and answers from it', async () => {
    const written = await runCli(['export', run, '--format', 'onnx', '--json'], space.folder);
    assert.equal(written.exitCode, 0, written.stderr);
    const outcome = JSON.parse(written.stdout) as { folder: string; files: string[]; bytes: number };
    assert.equal(outcome.folder, join(run, 'onnx'));
    assert.ok(outcome.files.includes('onnx/decoder_model_merged.onnx') && outcome.bytes > 1000);
    const { exitCode, stdout, stderr } = await runCli(['predict', join(run, 'onnx'), 'a good film'], space.folder);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^(good \(1\)|bad \(0\)) {2}\d+\.\d % {2}\d+\.\d ms {2}film: a good film\n$/);
  });

  test('it gives the answers of the run, and an earlier export is replaced', async () => {
    const out = join(space.folder, 'exported');
    mkdirSync(out);
    const { lines } = await exportTo(['--format', 'onnx', '--out', out]);
    assert.match(lines.join('\n'), /exported: .*encoder_model\.onnx.* \(\d+ kB\)/);
    await exportTo(['--format', 'onnx', '--out', out]);
    assertSameAnswers(await answers(out), await answers(run));
    const { score } = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as { score: { test: number } };
    assert.deepEqual((await readDescription(out)).score, { metric: 'accuracy', test: score.test });
  });
});

test('a checkpoint gives the answers of the run; what its weights cannot hold is refused', async () => {
  await exportTo(['--format', 'safetensors'], { from: loraRun });
  assertSameAnswers(await answers(join(loraRun, 'safetensors')), await answers(loraRun));
  await assert.rejects(exportTo(['--format', 'safetensors']), /cannot hold adapter at /);
  assert.ok(!existsSync(join(run, 'safetensors')));
});

test('an adapter of PEFT names its model, and cannot be asked without it', async () => {
  const out = join(space.folder, 'lora-adapter');
  await exportTo(['--format', 'peft', '--out', out], { from: loraRun });
  const config = JSON.parse(readFileSync(join(out, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
  assert.equal(config.base_model_name_or_path, tinyModel);
  assert.ok(existsSync(join(out, 'adapter_model.safetensors')));
  await assert.rejects(answers(out), /peft holds what was trained without the model/);
});

test('an adapter of PEFT is imported as a run, which answers as the one that it came from', async () => {
  const adapter = join(space.folder, 'adapter-to-import');
  await exportTo(['--format', 'peft', '--out', adapter], { from: loraRun });
  const args = ['import', adapter, '--model', tinyModel, '--task', space.task, '--out', 'imported'];
  const imported = await runCli(args, space.folder);
  assert.equal(imported.exitCode, 0, imported.stderr);
  assert.match(imported.stdout, /^imported: \d+ modules, [\d,]+ parameters, for \w+ on \S+\n$/);
  assertSameAnswers(await answers(join(space.folder, 'imported')), await answers(loraRun));
  const again = await runCli(args, space.folder);
  assert.equal(again.exitCode, 2);
});

test('a training goes on from an adapter of PEFT, which becomes a run beside its own', async () => {
  const adapter = join(space.folder, 'adapter-to-train');
  await exportTo(['--format', 'peft', '--out', adapter], { from: loraRun });
  // At a rate of next to nothing it answers as what it began with.
  const steps = ['--max-steps', '1', '--lr', '1e-12'];
  const args = ['--from-peft', adapter, '--model', tinyModel, '--task', space.task, '--out', 'gone-on', ...steps];
  const trained = await runCli(['train', ...args], space.folder);
  assert.equal(trained.exitCode, 0, trained.stderr);
  assertSameAnswers(await answers(join(space.folder, 'gone-on')), await answers(loraRun));
  assert.equal((await runCli(['evaluate', 'gone-on-adapter'], space.folder)).exitCode, 0);
  const both = await runCli(['train', ...args, '--method', 'lora', '--out', 'of-two'], space.folder);
  assert.match(both.stderr, /both a method and a structure are given/);
  assert.equal(existsSync(join(space.folder, 'of-two-adapter')), false);
});

test('what is wrong is told, and nothing is written', async () => {
  const out = join(space.folder, 'taken');
  mkdirSync(out);
  writeFileSync(join(out, 'letter.txt'), 'dear');
  await assert.rejects(exportTo(['--format', 'onnx', '--out', out]), /holds something else/);
  await assert.rejects(exportTo(['--format', 'onnx', '--out', join(out, 'letter.txt')]), /this is a file/);
  await assert.rejects(exportTo(['--format', 'gguf']), /there is no format `gguf`/);
  await assert.rejects(exportTo([]), /no format is given/);
  assert.equal(readFileSync(join(out, 'letter.txt'), 'utf8'), 'dear');
  // An export that somebody has put something into is not ours alone any more.
  const shared = join(space.folder, 'shared');
  await exportTo(['--format', 'onnx', '--out', shared]);
  writeFileSync(join(shared, 'notes.txt'), 'mine');
  await assert.rejects(exportTo(['--format', 'onnx', '--out', shared]), /something else .*: notes\.txt/);
  assert.equal(readFileSync(join(shared, 'notes.txt'), 'utf8'), 'mine');
  const { exitCode, stderr } = await runCli(['export', space.folder, '--format', 'onnx'], space.folder);
  assert.equal(exitCode, 2);
  assert.match(stderr, /^error: .*holds no run.*\n→ .*\n$/);
});

test('an interruption leaves nothing', async () => {
  const out = join(space.folder, 'interrupted');
  await assert.rejects(exportTo(['--format', 'onnx', '--out', out], { signal: AbortSignal.abort() }), InterruptedError);
  assert.ok(!existsSync(out));
  assert.deepEqual(
    space.list().filter(name => name.endsWith('.tmp')),
    [],
  );
});

test('an exported model is asked as it is: no other model, and its description must be whole', async () => {
  const out = join(space.folder, 'whole');
  await exportTo(['--format', 'onnx', '--out', out]);
  const ask = async (changes = {}) => {
    for await (const _ of runPredictJob(out, readInputs(asked), changes));
  };
  await ask({ task: space.task, 'batch-size': 2, threads: 1, 'max-length': 8 });
  await assert.rejects(ask({ model: tinyModel }), InputError);
  // One bit of any file, tokenizer and config as well, is found by its name.
  const small = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter(name => /\.\w+$/.test(name));
  assert.ok(small.includes('tokenizer.json') && small.includes('config.json'), String(small));
  for (const name of small) {
    const whole = readFileSync(join(out, name));
    const changed = Buffer.from(whole);
    changed[whole.length >> 1]! ^= 2;
    writeFileSync(join(out, name), changed);
    await assert.rejects(
      ask(),
      (error: unknown) => error instanceof InputError && error.where!.startsWith(join(out, name)),
      name,
    );
    rmSync(join(out, name));
    await assert.rejects(ask(), InputError, name);
    writeFileSync(join(out, name), whole);
  }
  await ask();
  writeFileSync(join(out, 's3delta.json'), '{"format": "onnx", "version": 7}');
  await assert.rejects(ask(), /not the description of an exported model: version/);
});
