import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InterruptedError } from '../../../src/core/errors.ts';
import { alphaOfRuns, prior } from '../../../src/search/strategies/prior.ts';
import { createStructure, writeStructure } from '../../../src/structure/structure-file.ts';
import { checkpointFile } from '../../../src/training/checkpoint.ts';
import { countEvaluations } from '../../../src/training/stage.ts';
import { drain } from '../../training/toy-program.ts';
import { createToyProblem, withoutTime } from './toy-problem.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-prior-'));
const toy = createToyProblem({}, [2, 9, 2, 2]);
const problem = { ...toy.problem, stage: { ...toy.problem.stage, epochs: 20 }, backbone: 'sha-1' };

async function writeRun(name: string, probabilities: number[] | undefined, changes: { fingerprint?: string } = {}) {
  const model = { name: 'toy', fingerprint: 'sha-1', parameters: 1000, sites: [], ...changes };
  const kept = problem.candidates.map((_, i) => i === 0);
  const structure = createStructure(model, { space: 'mixed', budget: 4 }, problem.candidates, {
    kept,
    ...(probabilities && { probabilities, worth: probabilities }),
  });
  const file = join(folder, `${name}.json`);
  await writeStructure(file, structure);
  return file;
}

const logit = (p: number) => Math.log(p / (1 - p));
// The second fits no budget of 4, and was left out of the searches.
const first = await writeRun('first', [0.5, 0, 0.2, 0.1]);
const second = await writeRun('second', [0.8, 0, 0.4, 0.3]);

test("α is the mean logit of the runs' p; what they left out is as unlikely as their least likely", async () => {
  const alpha = await alphaOfRuns([first, second], problem);
  const expected = [
    [0.5, 0.8],
    [0.1, 0.3],
    [0.2, 0.4],
    [0.1, 0.3],
  ].map(ps => (logit(ps[0]!) + logit(ps[1]!)) / 2);
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(alpha[i]! - value) < 1e-9, `${i}`);
});

test('it begins there, for a tenth of the steps', async () => {
  const options = { prior: [first, second] };
  const { events, result } = await drain(prior.search(problem, options, toy.compile, {}));
  // 16 examples a half are 2 batches, of which 20 epochs are 40 steps.
  assert.equal(result.steps, 4);
  assert.equal(result.evaluations, 8);
  assert.equal(countEvaluations(prior.cost(problem, options)), 8);
  const alpha = await alphaOfRuns([first, second], problem);
  // Adam moves α by its rate a step at most: 0.1 · (1 + 0.75 + 0.5 + 0.25).
  for (const i of [0, 2, 3]) {
    const moved = Math.abs(result.worth[i]! - alpha[i]!);
    assert.ok(moved > 0 && moved < 0.26, `${i}: ${moved}`);
  }
  assert.equal(result.probabilities![1], 0);
  const context = { checkpoint: checkpointFile(join(folder, 'state.safetensors')) };
  const controller = new AbortController();
  await assert.rejects(async () => {
    const stopped = { ...context, signal: controller.signal };
    for await (const event of prior.search(problem, options, toy.compile, stopped)) {
      if (event.step === 2) controller.abort();
    }
  }, InterruptedError);
  const rest = await drain(prior.search(problem, options, toy.compile, context));
  assert.deepEqual(withoutTime(rest.result), withoutTime(result));
  assert.deepEqual(rest.events.map(withoutTime), events.slice(2).map(withoutTime));
  // Another prior is another search.
  await drain(prior.search(problem, options, toy.compile, {}));
  await assert.rejects(drain(prior.search(problem, { prior: [first] }, toy.compile, context)), {
    code: 'other-settings',
  });
});

test('runs of another backbone or space, without p, or none at all, are refused before anything is computed', async () => {
  const refused = async (files: readonly string[] | undefined, code: string) => {
    const options = files === undefined ? { prior: undefined } : { prior: [...files] };
    await assert.rejects(prior.check!(problem, options), { code });
  };
  await refused([first, await writeRun('elsewhere', [0.5, 0.1, 0.1, 0.1], { fingerprint: 'sha-2' })], 'other-model');
  await refused([await writeRun('drawn', undefined)], 'no-structure-found');
  await refused([await writeRun('whole', [1, 1, 1, 1])], 'no-structure-found');
  await refused([join(folder, 'nowhere')], 'unreadable-file');
  await refused(undefined, 'missing-setting');
  const other = { ...problem, candidates: problem.candidates.slice(1) };
  await assert.rejects(prior.check!(other, { prior: [first] }), { code: 'other-structure' });
  await prior.check!(problem, { prior: [first, second] });
});
