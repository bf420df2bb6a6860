import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { isMoment, type JobEvent, relay } from '../../src/jobs/job-events.ts';
import { asInterrupted } from '../../src/library/run-to-end.ts';
import { readMetrics } from '../../src/runs/metrics-log.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-relay-'));
const step = (number: number, loss: number) =>
  ({ type: 'step', step: number, steps: 4, loss, learningRate: 1 / number, tokens: 10, seconds: 2 }) as const;
const evaluation = (number: number, score: number) =>
  ({
    ...({ type: 'evaluation', step: number, steps: 4, score, best: 70, seconds: 1 } as const),
    ...{ loss: score / 10, learningRate: 1 / number, stageSeconds: 3 * number },
  }) as const;

test('a stage is told event by event, a validation is a line', async () => {
  async function* events() {
    yield step(1, 3);
    yield step(2, 1);
    yield evaluation(2, 60);
    yield step(4, 0.5);
    yield evaluation(4, 70);
    return 'result';
  }
  const told: JobEvent[] = [];
  const file = join(folder, 'a.jsonl');
  assert.equal(await relay(events(), 'retrain', file, event => told.push(event)), 'result');
  assert.deepEqual(
    told.map(event => event.type),
    ['stage', 'step', 'step', 'evaluation', 'step', 'evaluation'],
  );
  assert.ok(told.every(event => 'stage' in event && event.stage === 'retrain'));
  assert.deepEqual(
    readMetrics(file).map(line => [line.step, line.loss, line.learningRate, line.score, line.seconds]),
    [
      [2, 6, 0.5, 60, 6],
      [4, 7, 0.25, 70, 12],
    ],
  );
});

test('a stage without validations has a line where one would be due, without a score, and says so', async () => {
  const passed = (meanLoss: number, stageSeconds: number) => ({ meanLoss, stageSeconds });
  async function* events() {
    yield step(1, 3);
    yield { ...step(2, 1), ...passed(2, 4) };
    yield step(3, 3);
    yield { ...step(4, 0.5), ...passed(1.75, 8) };
  }
  const file = join(folder, 'd.jsonl');
  const told: JobEvent[] = [];
  for (const _ of [1, 2]) await relay(events(), 'search', file, event => told.push(event));
  assert.deepEqual(
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
    [
      { stage: 'search', step: 2, steps: 4, loss: 2, learningRate: 0.5, seconds: 4 },
      { stage: 'search', step: 4, steps: 4, loss: 1.75, learningRate: 0.25, seconds: 8 },
    ],
  );
  const steps = told.flatMap(event => (event.type === 'step' ? [event] : [])).slice(0, 4);
  assert.deepEqual(
    steps.map(event => [event.isLogged ?? false, isMoment({ ...event, steps: 1000 })]),
    [
      [false, false],
      [true, true],
      [false, false],
      [true, true],
    ],
  );
});

test('a stage that goes on says after which step, and one that begins says nothing', async () => {
  const of = async (...events: (ReturnType<typeof step> | ReturnType<typeof evaluation>)[]) => {
    async function* each() {
      yield* events;
    }
    const told: string[] = [];
    const onEvent = (event: JobEvent) => event.type === 'message' && told.push(event.text);
    await relay(each(), 'retrain', join(folder, 'c.jsonl'), onEvent, 'lr-0.01');
    return told;
  };
  assert.deepEqual(await of(step(1, 3), step(2, 1)), []);
  const told = 'the training (lr-0.01) goes on after step 2 of 4, where its state was saved';
  assert.deepEqual(await of(step(3, 3), step(4, 1)), [told]);
  // Its state was saved between a step and the validation of it.
  assert.deepEqual(await of(evaluation(2, 60), step(3, 1)), [told]);
});

test('a validation told again after a crash stays one line of its stage', async () => {
  async function* events() {
    yield evaluation(2, 60);
    yield evaluation(4, 65);
  }
  const file = join(folder, 'b.jsonl');
  for (const stage of ['search', 'retrain', 'search'] as const) await relay(events(), stage, file, undefined);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const places = lines.map(line => JSON.parse(line) as { stage: string; step: number });
  assert.deepEqual(
    places.map(({ stage, step }) => `${stage} ${step}`),
    ['search 2', 'search 4', 'retrain 2', 'retrain 4'],
  );
});

test('what stops a job after an abort is an interruption, wherever it was noticed; before it, it is what it is', async () => {
  const controller = new AbortController();
  const fails = (error: Error) => asInterrupted(controller.signal, () => Promise.reject(error));
  await assert.rejects(fails(new InputError('wrong', { code: 'unknown-value' })), InputError);
  assert.equal(await asInterrupted(controller.signal, async () => 5), 5);
  controller.abort();
  await assert.rejects(
    asInterrupted(controller.signal, async () => controller.signal.throwIfAborted()),
    InterruptedError,
  );
  await assert.rejects(fails(new InterruptedError('after step 3')), /after step 3/);
  await assert.rejects(
    asInterrupted(undefined, () => Promise.reject(new Error('bug'))),
    /bug/,
  );
});
