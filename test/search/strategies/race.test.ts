import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError, InterruptedError } from '../../../src/core/errors.ts';
import { chooseStructure } from '../../../src/search/choose-structure.ts';
import { holdOut, listEntrants, worthOfEntrant } from '../../../src/search/strategies/race/entrants.ts';
import { race } from '../../../src/search/strategies/race/race.ts';
import { checkpointFile } from '../../../src/training/checkpoint.ts';
import { countEvaluations } from '../../../src/training/stage.ts';
import { meanLoss } from '../../../src/training/step-batches.ts';
import { tune } from '../../../src/training/tune-program.ts';
import { createToyExamples, drain } from '../../training/toy-program.ts';
import { createToyProblem, withoutTime } from './toy-problem.ts';

const counts = [2, 3, 2, 4, 2, 1, 3, 2];
const examples = createToyExamples(64);
const { problem, compile, state } = createToyProblem({ budget: 5, examples }, counts);
const limits = { budget: problem.budget, keepInert: false };
const options = { entrants: 4, 'race-steps': 8 };
const whole = await drain(race.search(problem, options, compile, {}));

test('entrants differ, are within the budget, and begin with the answer of the bi-level search', () => {
  const alpha = [8, 7, 6, 5, 4, 3, 2, 1];
  const gradient = [1, 2, 3, 4, 5, 6, 7, 8];
  const earlier = [1, 1, 1, 1, 9, 8, 1, 1];
  const entrants = listEntrants(8, { candidates: problem.candidates, alpha, earlier, gradient, seed: 1, ...limits });
  assert.equal(entrants.length, 8);
  assert.equal(new Set(entrants.map(({ kept }) => kept.join())).size, 8);
  assert.deepEqual(entrants[0]!.kept, chooseStructure(alpha, problem.candidates, limits));
  // Without the first module of the answer.
  assert.equal(entrants[1]!.kept[0], false);
  assert.deepEqual(
    entrants.slice(0, 5).map(({ from }) => from),
    [
      'the bi-level search',
      "the bi-level search's runner-up 1",
      "the bi-level search's runner-up 2",
      'the bi-level search at half of its steps',
      'the gradients at the start',
    ],
  );
  for (const entrant of entrants) {
    const spent = counts.reduce((sum, count, i) => sum + (entrant.kept[i] ? count : 0), 0);
    assert.ok(spent > 0 && spent <= 5);
    // Its worth makes it again.
    assert.deepEqual(chooseStructure(worthOfEntrant(entrant, alpha), problem.candidates, limits), entrant.kept);
  }
});

test('the one with the least held-out loss after the last round is found', async () => {
  const { held, rest } = holdOut(examples, 1);
  assert.equal(held.length, 12);
  assert.equal(new Set([...held, ...rest]).size, 64);
  const lossOf = async (kept: readonly boolean[]) => {
    const { program, initialDelta } = await compile(problem.candidates.filter((_, i) => kept[i]));
    const evaluate = async (delta: Float32Array) => -(await meanLoss(program, held, { delta }, { batchSize: 8 }));
    const config = { ...problem.tuning, maxSteps: 8, evaluateEvery: 8 };
    return -(await drain(tune({ program, initialDelta, examples: rest, evaluate }, config))).result.score;
  };
  const won = await lossOf(chooseStructure(whole.result.worth, problem.candidates, limits));
  const [, told, next] = /held-out loss of (\S+) after .* had (\S+)\.$/.exec(whole.result.warnings[0]!)!;
  assert.equal(told, won.toPrecision(3));
  assert.ok(Number(told) <= Number(next));
});

test('it costs what was said: a short search, gradients, and two rounds', () => {
  // 64 − 12 examples: halves of 26 are 4 batches, of which 5 epochs are 20 steps, a quarter 5, of two losses each. The
  // 16 batches of gradients are cut to as many steps. Then 4 trainings of 4 steps, and 2 of 8.
  assert.equal(whole.result.evaluations, 2 * 5 + 5 + 4 * 4 + 2 * 8);
  assert.equal(countEvaluations(race.cost(problem, options)), whole.result.evaluations);
  const steps = whole.events.map(event => event.step);
  assert.deepEqual(
    steps,
    Array.from({ length: 5 + 5 + 32 }, (_, i) => i + 1),
  );
  assert.ok(whole.events.every(event => event.type === 'step' && event.steps === 42));
});

test('no program is left open', () => {
  assert.ok(state.compiled.length >= 7);
  const own = createToyProblem({ budget: 5, examples }, counts);
  return drain(race.search(own.problem, options, own.compile, {})).then(() => assert.equal(own.state.open, 0));
});

test('interrupted after any step, the rest is bit for bit the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-race-'));
  // At the beginning, the end and within each of the stages.
  for (const stop of [1, 4, 5, 6, 9, 10, 11, 13, 14, 17, 26, 27, 34, 35, 41]) {
    const context = { checkpoint: checkpointFile(join(folder, `stop-${stop}.safetensors`)) };
    const controller = new AbortController();
    await assert.rejects(async () => {
      const stopped = { ...context, signal: controller.signal };
      for await (const event of race.search(problem, options, compile, stopped)) {
        if (event.step === stop) controller.abort();
      }
    }, InterruptedError);
    const rest = await drain(race.search(problem, options, compile, context));
    assert.deepEqual(rest.events.map(withoutTime), whole.events.slice(stop).map(withoutTime), `${stop}`);
    assert.deepEqual(withoutTime(rest.result), withoutTime(whole.result));
  }
});

test('a budget that holds everything leaves no race; too few examples, and too small a budget, are refused', async () => {
  const all = { ...problem, budget: 100 };
  assert.equal(race.cost(all, options), undefined);
  const { result } = await drain(race.search(all, options, compile, {}));
  assert.equal(result.evaluations, 0);
  assert.match(result.warnings[0]!, /nothing was searched/);
  const few = { ...problem, examples: examples.slice(0, 39) };
  assert.throws(() => race.cost(few, options), { code: 'too-few-examples' });
  const nothing = { ...problem, budget: 0.5 };
  await assert.rejects(drain(race.search(nothing, options, compile, {})), InputError);
});
