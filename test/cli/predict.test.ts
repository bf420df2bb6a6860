import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { before, test } from 'node:test';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { argsOf, type Output } from '../../src/cli/command.ts';
import { predict } from '../../src/cli/commands/predict-command.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import type { AnsweredInput } from '../../src/jobs/predict-job.ts';
import { runCli, tinyModel, workspace } from './support.ts';

const space = workspace();
const run = join(space.folder, 'run');

before(async () => {
  const args = ['train', '--method', 'lora', '--model', tinyModel, '--task', space.task, '--lr', '0.01', '--out', run];
  const { exitCode, stderr } = await runCli(args, space.folder);
  assert.equal(exitCode, 0, stderr);
});

function ask(
  args: readonly string[],
  { stdin = Readable.from([]) as Readable, signal = new AbortController().signal } = {},
) {
  const given = parseArguments([run, ...args], { ...argsOf(predict), json: { type: 'boolean', description: '' } });
  return predict.run(given, { catalogue: builtIn, colour: false, stdin, signal });
}

async function linesOf({ stream, lines }: Output): Promise<string[]> {
  const found: string[] = [];
  for await (const line of stream ?? []) found.push(line);
  return [...found, ...lines];
}

test('one text: its label with what it stands for, the probability, the time', async () => {
  const [line, ...more] = await linesOf(await ask(['a good film, number 1']));
  assert.match(line!, /^(good \(1\)|bad \(0\)) {2}\d+\.\d % {2}\d+\.\d ms {2}film: a good film, number 1$/);
  assert.deepEqual(more, []);
  const { document } = await ask(['{"text": "a good film, number 1"}', '--json']);
  const [answer] = (document as { predictions: AnsweredInput[] }).predictions;
  assert.equal(answer!.source, 'film: a good film, number 1');
  assert.equal(`${answer!.label} (${answer!.answer})`, line!.split('  ')[0]);
});

test('a file and standard input give the same lines, in their order', async () => {
  const rows = readFileSync(join(space.folder, 'films', 'test.jsonl'), 'utf8');
  const fromFile = await linesOf(await ask(['--file', join(space.folder, 'films', 'test.jsonl'), '--jsonl']));
  const fromInput = await linesOf(await ask(['--jsonl', '--batch-size', '3'], { stdin: Readable.from([rows]) }));
  const read = (lines: string[]) => lines.map(line => JSON.parse(line) as AnsweredInput);
  assert.deepEqual(
    read(fromFile).map(({ line, source }) => [line, source]),
    rows
      .trim()
      .split('\n')
      .map((row, i) => [i + 1, `film: ${(JSON.parse(row) as { text: string }).text}`]),
  );
  for (const [i, answer] of read(fromInput).entries()) {
    const other = read(fromFile)[i]!;
    assert.deepEqual([answer.line, answer.label], [other.line, other.label]);
    assert.ok(Math.abs(answer.probability! - other.probability!) < 1e-5);
  }
});

test('standard input that stays open is answered line by line, and an abort ends the wait', async () => {
  const stdin = new PassThrough();
  const controller = new AbortController();
  const { stream } = await ask([], { stdin, signal: controller.signal });
  const lines = stream![Symbol.asyncIterator]();
  for (const text of ['one', 'two']) {
    stdin.write(`${text}\n`);
    assert.ok(String((await lines.next()).value).endsWith(`film: ${text}`));
  }
  const waiting = lines.next();
  controller.abort();
  await assert.rejects(waiting, InterruptedError);
});

test('a real process answers a pipe', async () => {
  writeFileSync(join(space.folder, 'asked.txt'), 'a bad film\n\na good film\n');
  const { exitCode, stdout, stderr } = await runCli(['predict', run, '--file', 'asked.txt'], space.folder);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^\S+ \(\d\) .*film: a bad film\n\S+ \(\d\) .*film: a good film\n$/);
});

test('what is wrong is told: no run, a missing field, two inputs at once', async () => {
  const { exitCode, stderr } = await runCli(['predict', space.folder, 'a film'], space.folder);
  assert.equal(exitCode, 2);
  assert.match(stderr, /^error: .*holds no run.*\n→ .*\n$/);
  await assert.rejects(async () => linesOf(await ask(['{"words": "a film"}'])), /the text:1: no column "text"/);
  await assert.rejects(ask(['a film', '--file', 'asked.txt']), InputError);
});
