import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { runExportJob } from '../../src/jobs/export-job.ts';
import { loadTuned } from '../../src/jobs/load-tuned.ts';
import { type AnsweredInput, runPredictJob } from '../../src/jobs/predict-job.ts';
import { runTrainJob } from '../../src/jobs/run-job.ts';
import { createPredictor } from '../../src/serve/predictor.ts';
import { tinyModel, workspace } from '../cli/support.ts';

const space = workspace();
const run = join(space.folder, 'run');
const onnx = join(run, 'onnx');
const texts = ['a good film', 'a bad film, and long', 'good', '  ', 'a film'];
const rows = texts.map(text => ({ text, year: 1990 }));
const untimed = ({ seconds: _, ...rest }: AnsweredInput) => rest;
let expected: object[];

before(async () => {
  await runTrainJob(
    { model: tinyModel, task: space.task, method: 'lora', 'max-steps': 2, 'retrain-epochs': 1, seed: 1 },
    { out: run },
  );
  await runExportJob(run, { format: 'onnx' });
  expected = [];
  const inputs = rows.map((fields, i) => ({ file: 'the input', line: i + 1, fields }));
  for await (const answer of runPredictJob(run, inputs)) expected.push(untimed(answer));
});

/** Every file with its content's size and time. */
const stateOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map(name => [name, statSync(join(folder, name)).size, statSync(join(folder, name)).mtimeMs]);

/** Probabilities within 1e-4: the padding of a batch moves the last digits. */
function assertSame(actual: readonly AnsweredInput[], wanted: readonly object[]): void {
  const numbers: number[][] = [[], []];
  const [words, wantedWords] = [actual.map(untimed), wanted].map((document, i) =>
    JSON.stringify(document, (key, value) => {
      if (typeof value !== 'number' || key === 'line') return value;
      numbers[i]!.push(value);
      return 'a number';
    }),
  );
  assert.equal(words, wantedWords);
  assert.ok(numbers[0]!.every((number, i) => Math.abs(number - numbers[1]![i]!) < 1e-4));
}

test('it answers as predict does, whoever asks together: of a run, an export, and in memory', async () => {
  const inMemory = await loadTuned(run);
  for (const from of [run, onnx, inMemory]) {
    const sizes: number[] = [];
    const predictor = await createPredictor(from, { onBatch: ({ size }) => sizes.push(size) });
    assertSame(await predictor.predict(rows), expected);
    const single = await Promise.all(rows.map(row => predictor.predict(row)));
    assertSame(
      single,
      expected.map(each => ({ ...each, line: 1 })),
    );
    assert.deepEqual(sizes, [5, 5]);
    assert.equal((await predictor.predict('a good film')).source, 'film: a good film');
    assert.deepEqual(predictor.labels, ['bad', 'good']);
    await predictor.close();
  }
});

test('loading and asking write nothing', async () => {
  const before = stateOf(space.folder);
  for (const folder of [run, onnx]) {
    await using predictor = await createPredictor(folder);
    await predictor.predict(rows);
  }
  assert.deepEqual(stateOf(space.folder), before);
});

test('what is not as the task says is refused as predict refuses it, and the rest is answered', async () => {
  await using predictor = await createPredictor(run);
  await assert.rejects(predictor.predict({ title: 'a' }), { code: 'missing-column' });
  await assert.rejects(predictor.predict({ text: { a: 1 } }), { code: 'wrong-field-type' });
  await assert.rejects(predictor.predict(7 as never), { code: 'bad-argument' });
  await assert.rejects(predictor.predict([['a']] as never), { code: 'bad-argument' });
  await assert.rejects(createPredictor(run, { batchSize: 0 }), { code: 'bad-argument' });
  await assert.rejects(createPredictor(space.folder), InputError);
  assert.equal((await predictor.predict('  ')).answer, null);
});

test('a full queue refuses, an abort leaves, and closing answers all that waits', async () => {
  const predictor = await createPredictor(run, { queue: 4, batchSize: 1 });
  const waiting = Promise.all(rows.slice(0, 4).map(row => predictor.predict(row)));
  await assert.rejects(predictor.predict(rows[0]!), { code: 'queue-full' });
  const signal = AbortSignal.abort();
  await assert.rejects(predictor.predict(rows[0]!, { signal }), InterruptedError);
  const closed = Promise.all([predictor.close(), predictor.close()]);
  assertSame(
    await waiting,
    expected.slice(0, 4).map(each => ({ ...each, line: 1 })),
  );
  await closed;
  await assert.rejects(predictor.predict(rows[0]!), { code: 'predictor-closed' });
  await predictor[Symbol.asyncDispose]();
});
