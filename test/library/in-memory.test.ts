import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StageSettings } from '../../src/config/job-config.ts';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { evaluate } from '../../src/library/evaluate.ts';
import { predict } from '../../src/library/predict.ts';
import { runToEnd } from '../../src/library/run-to-end.ts';
import { searchStructure } from '../../src/library/search-structure.ts';
import { manualStructure } from '../../src/library/structures.ts';
import { tune } from '../../src/library/tune.ts';
import type { Model } from '../../src/models/model.ts';
import type { SearchEvent } from '../../src/search/strategies/strategy.ts';
import type { CheckpointState, CheckpointStore } from '../../src/training/checkpoint.ts';
import { encodeFilms, films, remarks, tiny } from './films.ts';

const settings: StageSettings = { budget: '600', seed: 3, order: 'first', lr: 0.02, 'max-steps': 6, 'eval-every': 3 };
const data = await encodeFilms(settings);

/** The model, counting the programs that were compiled and not given back. */
function counting(): { model: Model; open: () => number } {
  let open = 0;
  const model: Model = {
    ...tiny,
    async compile(modules) {
      const program = await tiny.compile(modules);
      open += 1;
      return {
        ...program,
        release() {
          open -= 1;
          return program.release();
        },
      };
    },
  };
  return { model, open: () => open };
}

/** A store that forgets nothing but the file. */
function memoryStore(): CheckpointStore {
  let saved: CheckpointState | undefined;
  return {
    save: async state => {
      saved = structuredClone(state);
    },
    load: async () => saved,
  };
}

test('a search tells steps and validations, keeps within its budget and gives its memory back', async () => {
  const { model, open } = counting();
  const told: SearchEvent[] = [];
  const found = await runToEnd(searchStructure(model, data, settings), event => told.push(event));
  assert.deepEqual(
    told.filter(({ type }) => type === 'evaluation').map(({ step }) => step),
    [3, 6],
  );
  // Six of the search, and those of its finalists' short trainings.
  assert.equal(told.filter(({ type }) => type === 'step').length, found.steps);
  assert.ok(found.steps > 6);
  const { structure } = found;
  const spent = structure.modules.filter(({ kept }) => kept).reduce((sum, { parameters }) => sum + parameters, 0);
  assert.ok(spent > 0 && spent <= 600, `${spent} parameters`);
  assert.deepEqual([structure.space, structure.budget, structure.model.name], ['mixed', 600, tiny.name]);
  assert.deepEqual(
    structure.modules.map(({ p }) => p),
    [...found.probabilities!],
  );
  assert.equal(open(), 0);
});

test('a search under the L0 penalty has no budget, unless one is given to cut what stays open', async () => {
  const { budget, ...without } = settings;
  const penalised: StageSettings = { ...without, objective: 'l0', 'stretch-low': -0.01, order: 'exact' };
  const free = await runToEnd(searchStructure(tiny, data, penalised));
  assert.equal(free.structure.budget, null);
  // Six steps close no gate: all that is not inert is kept.
  assert.deepEqual(
    free.structure.modules.map(({ kept }) => kept),
    free.structure.modules.map(({ inert }) => !inert),
  );
  const cut = await runToEnd(searchStructure(tiny, data, { ...penalised, budget: '600' }));
  assert.equal(cut.structure.budget, 600);
  const spent = cut.structure.modules.reduce((sum, { kept, parameters }) => sum + (kept ? parameters : 0), 0);
  assert.ok(spent > 0 && spent <= 600, `${spent} parameters`);
  assert.deepEqual(cut.worth, free.worth);
});

test('a search that is left early gives its memory back', async () => {
  const { model, open } = counting();
  for await (const event of searchStructure(model, data, settings)) {
    assert.equal(event.type, 'step');
    break;
  }
  assert.equal(open(), 0);
});

test('an interrupted search goes on from its checkpoint to the same structure', async () => {
  const whole = await runToEnd(searchStructure(tiny, data, settings));
  const checkpoint = memoryStore();
  const controller = new AbortController();
  const { model, open } = counting();
  const interrupted = runToEnd(
    searchStructure(model, data, settings, { checkpoint, signal: controller.signal }),
    ({ step }) => step === 4 && controller.abort(),
  );
  await assert.rejects(interrupted, InterruptedError);
  assert.equal(open(), 0);
  const told: number[] = [];
  const resumed = await runToEnd(searchStructure(tiny, data, settings, { checkpoint }), ({ step }) => told.push(step));
  assert.equal(told[0], 5);
  assert.deepEqual(resumed.structure, whole.structure);
});

test('a search of too little data or budget is refused and compiles nothing', async () => {
  const { model, open } = counting();
  const one = { ...data, train: data.train.slice(0, 1) };
  await assert.rejects(runToEnd(searchStructure(model, one, settings)), InputError);
  await assert.rejects(runToEnd(searchStructure(model, data, { ...settings, budget: '2' })), InputError);
  assert.equal(open(), 0);
});

test('tuned parameters have the best validation score of the events, and evaluate finds it again', async () => {
  const { model, open } = counting();
  const structure = manualStructure(model, 'lora');
  const scores: number[] = [];
  const stage = tune(model, structure, data, { ...settings, 'retrain-eval-every': 2 });
  const tuned = await runToEnd(stage, event => event.type === 'evaluation' && scores.push(event.score));
  assert.equal(scores.length, 3);
  assert.equal(tuned.score, Math.max(...scores));
  assert.equal(tuned.structure, structure);
  assert.equal(
    tuned.delta.length,
    structure.modules.reduce((sum, { parameters }) => sum + parameters, 0),
  );
  assert.equal(await evaluate(model, tuned, data, 'validation'), tuned.score);
  assert.equal(open(), 0);
});

test('predictions are what evaluate scores, in the order of the texts', async () => {
  const structure = manualStructure(tiny, 'lora');
  const tuned = await runToEnd(tune(tiny, structure, data, { ...settings, 'max-steps': 40, 'retrain-epochs': 20 }));
  const texts = ['a bad film, number 0', 'a good film, number 1', 'a bad film, number 2', 'a good film, number 3'];
  const { maxTokens } = data.scoring.codec.writing!;
  const answersTo = async (asked: readonly string[], batchSize?: number) =>
    (await predict(tiny, tuned, asked, { maxTokens, ...(batchSize && { batchSize }) })).map(({ answer }) => answer);
  const answers = await answersTo(texts, 3);
  assert.equal(answers.length, 4);
  const split = { examples: data.test.examples.slice(0, 4), targets: answers };
  assert.equal(await evaluate(tiny, tuned, { ...data, test: split }), 100);
  assert.deepEqual((await answersTo(texts.toReversed())).toReversed(), answers);
  assert.deepEqual(await answersTo([]), []);
});

test('chosen answers are those that predict gives, and are scored as such in validations too', async () => {
  const choosing = await encodeFilms({ ...settings, answers: 'choose' });
  const tuned = await runToEnd(tune(tiny, manualStructure(tiny, 'lora'), choosing, settings));
  const texts = remarks(6).map(({ input }) => input);
  const answers = (await predict(tiny, tuned, texts, { task: films })).map(({ answer }) => answer);
  assert.ok(answers.every(answer => answer === '0' || answer === '1'));
  const right = answers.filter((answer, i) => answer === choosing.test.targets[i]).length;
  assert.ok(Math.abs((await evaluate(tiny, tuned, choosing)) - (100 * right) / 6) < 1e-9);
  const again = { ...choosing, validation: { ...choosing.test, targets: answers } };
  assert.equal(await evaluate(tiny, tuned, again, 'validation'), 100);
});

test("another model's structure is refused, and an abort is an interruption", async () => {
  const own = manualStructure(tiny, 'bitfit');
  const foreign = { ...own, model: { ...own.model, name: 'other', fingerprint: 'x' } };
  await assert.rejects(runToEnd(tune(tiny, foreign, data, settings)), /found on other/);
  const delta = new Float32Array(own.modules.reduce((sum, { parameters }) => sum + parameters, 0));
  await assert.rejects(evaluate(tiny, { structure: foreign, delta }, data), InputError);
  const signal = AbortSignal.abort();
  await assert.rejects(evaluate(tiny, { structure: own, delta }, data, 'test', { signal }), InterruptedError);
  await assert.rejects(predict(tiny, { structure: own, delta }, ['a film'], { signal }), InterruptedError);
  await assert.rejects(runToEnd(tune(tiny, own, data, settings, { signal })), InterruptedError);
});
