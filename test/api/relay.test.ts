import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { asInterrupted } from '../../src/api/interrupted.ts';
import type { JobEvent } from '../../src/api/job-events.ts';
import { relay } from '../../src/api/relay.ts';
import { InputError, InterruptedError } from '../../src/errors.ts';
import { readMetrics } from '../../src/runs/metrics-log.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-relay-'));
const step = (number: number, loss: number) =>
  ({ type: 'step', step: number, steps: 4, loss, learningRate: 1 / number, tokens: 10, seconds: 2 }) as const;
const evaluation = (number: number, score: number) =>
  ({ type: 'evaluation', step: number, steps: 4, score, best: 70, seconds: 1 }) as const;

test('a stage is told event by event, a validation is a line with the mean loss since the one before', async () => {
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
      [2, 2, 0.5, 60, 5],
      [4, 0.5, 0.25, 70, 8],
    ],
  );
});

test('a stage that goes on right at a validation has no loss to tell', async () => {
  async function* events() {
    yield evaluation(2, 60);
  }
  const file = join(folder, 'b.jsonl');
  await relay(events(), 'search', file, undefined);
  assert.equal(readMetrics(file)[0]!.loss, null);
});

test('what stops a job after an abort is an interruption, wherever it was noticed; before it, it is what it is', async () => {
  const controller = new AbortController();
  const fails = (error: Error) => asInterrupted(controller.signal, () => Promise.reject(error));
  await assert.rejects(fails(new InputError('wrong')), InputError);
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
