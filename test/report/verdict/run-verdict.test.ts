import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeatMapModule } from '../../../src/report/heat-map.ts';
import { type RunFacts, runVerdict } from '../../../src/report/verdict/run-verdict.ts';
import { verdictText } from '../../../src/report/verdict/verdict.ts';
import type { RunResult } from '../../../src/runs/result.ts';
import { ownAnswer } from '../../../src/search/strategies/last-word/finalists.ts';

const stage = (seconds: number, evaluations: number) => ({ seconds, evaluations, peakBytes: 1e9 });

const result: RunResult = {
  // A random draw of this seed keeps other modules than these.
  ...{ task: 'sst2', model: 'mini', seed: 1, budget: { parameters: 200, fraction: 1e-4 } },
  structure: { modules: 2, parameters: 200 },
  data: { train: 100, validation: 50, test: 1000, note: 'halves' },
  score: { metric: 'accuracy', validation: 77, test: 76, majority: 51, random: 70 },
  testInterval: { low: 73.3, high: 78.7 },
  resources: { search: stage(20, 150), retrain: stage(50, 600) },
};

const modules: HeatMapModule[] = [0.95, 0.9, 0.04, 0.5].map((p, i) => ({
  ...{ site: `site.${i}`, kind: 'LoRA', position: 'SelfAttn.V', layer: `E.${i}` },
  ...{ place: { stack: 'encoder', layer: i }, parameters: 100, p, kept: i < 2, worth: p },
}));

/** A search of 100 steps that keeps modules 0 and 1 from `since` on, and 2 and 3 before. */
const movingUntil = (since: number) =>
  Array.from({ length: 101 }, (_, step) => ({
    ...{ step, p: modules.map(() => 0.5) },
    kept: step >= since ? [0, 1] : [2, 3],
  }));

const facts: RunFacts = {
  ...{ result, modules, moments: movingUntil(40), metrics: [], folder: 'runs/a' },
  settings: { model: 'mini', task: 'sst2', budget: '0.01%', 'max-steps': 150, epochs: 4, strategy: 'bilevel' },
};

const saying = (about: string, changes: Partial<RunFacts> = {}) =>
  runVerdict({ ...facts, ...changes }).lines.find(line => line.about === about)?.says;

const withScore = (changes: Partial<RunResult>): Partial<RunFacts> => ({ result: { ...result, ...changes } });

test('one seed claims no win, however large the difference; more seeds are what helps', () => {
  const verdict = runVerdict(facts);
  assert.equal(verdict.outcome, 'one-seed');
  assert.match(saying('against random')!, /^\+6\.0 points .* not known from one seed; 6 at least would tell$/);
  assert.equal(verdict.next.command, 's3delta compare runs/a --methods bilevel,random --seeds 8 --out runs/a-compare');
  assert.doesNotMatch(verdictText(verdict).join('\n'), /\bwin\b/);
});

test('a structure that a random draw keeps, too, is told as that, and held against a search', () => {
  const same = withScore({ seed: 0, score: { ...result.score!, random: 76 } });
  assert.equal(
    saying('against random', same),
    'a random draw of the same budget and seed is this very structure: nothing can differ',
  );
  assert.match(saying('against random', withScore({ seed: 0 }))!, /^\+6\.0 points/);
  // Nor does a handful of rows make them equal.
  const few = { ...same.result!, data: { ...result.data!, test: 20 } };
  const drawn = runVerdict({ ...facts, result: few, settings: { ...facts.settings, strategy: 'random' } });
  assert.equal(drawn.outcome, 'one-seed');
  assert.match(drawn.next.command, /^s3delta compare runs\/a --methods sensitivity,random --seeds 8 /);
  assert.match(drawn.next.why, /this structure was drawn at random/);
  const trained = withScore({ resources: { retrain: stage(50, 600) } });
  const method = runVerdict({ ...facts, ...trained, settings: { method: 'random', budget: '0.01%' } });
  assert.match(method.next.command, /--methods sensitivity,random --seeds 8 --out/);
});

test('a structure with a size of its own is held against random ones of that size', () => {
  const trained = withScore({ resources: { retrain: stage(50, 600) }, structure: { modules: 2, parameters: 180 } });
  const of = (settings: RunFacts['settings']) => runVerdict({ ...facts, ...trained, settings }).next.command;
  // Completed settings have the usual budget, which such a method does not spend.
  assert.match(of({ method: 'lora', budget: '1.39bp' }), /--methods lora,random --budget 180 --seeds 8/);
  assert.match(of({ structure: 'x.json', budget: '1.39bp' }), /structure\.json,random --budget 180 --seeds 8/);
  assert.doesNotMatch(of({ method: 'tuned-lora', budget: '1.39bp' }), /--budget/);
});

test('a budget that holds LoRA on all values, or all scales, names the rivals that need no search', () => {
  const verdict = runVerdict({ ...facts, ...withScore({ budget: { parameters: 400, fraction: 2e-4 } }) });
  // Whatever else it holds no longer: the candidates are more than the values alone.
  assert.equal(verdict.outcome, 'nothing-searched');
  const others = modules.map(module => ({ ...module, site: `other.${module.layer}`, position: 'FFN.Wi' }));
  const held = runVerdict({
    ...{ ...facts, modules: [...modules, ...others] },
    ...withScore({ budget: { parameters: 400, fraction: 2e-4 } }),
  });
  assert.match(held.next.command, /--methods bilevel,random,value-lora --seeds 8/);
  assert.match(held.next.why, /LoRA on the values of every block, which needs no search and is hard to beat$/);

  const scales = others.map(module => ({ ...module, kind: 'LNFit', parameters: 10 }));
  const both = runVerdict({
    ...{ ...facts, modules: [...modules, ...others, ...scales] },
    ...withScore({ budget: { parameters: 440, fraction: 2e-4 } }),
  });
  assert.match(both.next.command, /--methods bilevel,random,value-lora,lnfit --seeds 8/);
  assert.match(both.next.why, /of every block, and the scales of every norm, which need no search and are hard/);
});

test('the score has its interval, and stands beside the commonest label', () => {
  assert.match(
    saying('score')!,
    /^accuracy 76\.00 \(95 % interval 73\.3 to 78\.7, by 1,000 test rows .*above always the commonest label, 51\.00$/,
  );
  assert.match(saying('score', withScore({ testInterval: { low: 45, high: 50 } }))!, /a loss: below always/);
  assert.match(saying('score', withScore({ testInterval: { low: 45, high: 55 } }))!, /not told apart from always/);
  const { testInterval: _, ...old } = result;
  assert.match(saying('score', { result: old })!, /how sure that is, is not known/);
});

test('what is no better than one answer needs more steps first', () => {
  const lost = runVerdict({
    ...facts,
    ...withScore({ testInterval: { low: 45, high: 52 }, score: { ...result.score!, test: 48 } }),
    metrics: [
      { ...{ stage: 'retrain', step: 200, steps: 200, loss: 1, learningRate: 0.1, score: 50 }, best: 50, seconds: 1 },
    ],
    settings: { ...facts.settings, 'retrain-epochs': 4 },
  });
  assert.equal(lost.outcome, 'not-above-commonest');
  assert.equal(
    lost.next.command,
    's3delta search runs/a/config.yaml --max-steps 600 --retrain-epochs 12 --out runs/a-longer',
  );
});

test('at the ceiling no seed tells two structures apart: a smaller budget, or a harder test, does', () => {
  const full = { ...result.score!, test: 100, random: 100 };
  // Nor do more steps, though the search was still moving.
  const verdict = runVerdict({ ...facts, ...withScore({ score: full }), moments: movingUntil(90) });
  assert.equal(verdict.outcome, 'at-ceiling');
  assert.match(saying('against random', withScore({ score: full }))!, /both have 100\.00, .* no number of seeds/);
  // A tenth of 200 parameters would hold no module.
  assert.equal(verdict.next.command, 's3delta search runs/a/config.yaml --budget 100 --out runs/a-smaller');
  assert.match(verdict.next.why, /^a smaller budget.* or a harder test/);
  assert.doesNotMatch(verdictText(verdict).join('\n'), /at least would tell|--seeds/);
  const { random: _, ...alone } = full;
  assert.equal(runVerdict({ ...facts, ...withScore({ score: alone }) }).outcome, 'one-seed');
  const oneAnswer = withScore({ score: { ...alone, majority: 100 } });
  assert.equal(runVerdict({ ...facts, ...oneAnswer }).outcome, 'at-ceiling');
});

test('equal scores on a handful of rows: rows are missing, not seeds; on many rows seeds may still tell', () => {
  const score = { ...result.score!, test: 85, random: 85 };
  const few = runVerdict({ ...facts, ...withScore({ score, data: { ...result.data!, test: 20 } }) });
  assert.equal(few.outcome, 'too-few-rows');
  assert.match(
    few.lines.find(({ about }) => about === 'against random')!.says,
    /equal on 20 test rows, and so few hardly tell/,
  );
  assert.match(few.next.why, /more test rows/);
  assert.equal(runVerdict({ ...facts, ...withScore({ score }) }).outcome, 'one-seed');
});

test('data that cannot tell are named: few validation rows, and a test part of one answer', () => {
  assert.equal(saying('data'), undefined);
  const few = { ...result.data!, validation: 7 };
  assert.match(
    saying('data', withScore({ data: few }))!,
    /^the validation part has 7 rows: .* best by it is mostly chance$/,
  );
  const constant = { ...result.score!, test: 100, majority: 100 };
  assert.match(saying('data', withScore({ score: constant }))!, /^every test row has the commonest answer/);
});

test('the cost is told in trainings', () => {
  assert.match(saying('cost')!, /0\.40 trainings in time \(20 s to 50 s\), 0\.25 in losses with gradients/);
  assert.equal(saying('cost', withScore({ resources: { retrain: stage(50, 600) } })), undefined);
});

test('a search that was stopped while it still chose is unsettled', () => {
  assert.match(saying('settled')!, /^what it keeps did not change over the last fifth.*; 50 % of p lie outside/);
  const moving = { moments: movingUntil(90) };
  const verdict = runVerdict({ ...facts, ...moving });
  assert.equal(verdict.outcome, 'unsettled');
  assert.match(saying('settled', moving)!, /still changing in the last fifth of the search \(2 of 2 modules are new/);
  assert.match(verdict.next.command, /^s3delta search runs\/a\/config\.yaml --epochs 8 --out runs\/a-longer$/);
  const small = facts.moments.map(moment => ({ ...moment, p: modules.map(() => 0.01) }));
  assert.match(saying('settled', { moments: small })!, /says little: at this budget 100 % began so/);
});

test('a choice that the last word overruled is told with what was taken', () => {
  const finalist = (name: string, found: boolean) => ({ name, steps: 20, loss: 0.5, found });
  const others = [finalist('what it would keep without FFN.Wi', true), finalist(ownAnswer, false)];
  assert.match(
    saying('settled', { finalists: others })!,
    /^what it keeps did not change .*; the last word took another: what it would keep without FFN\.Wi$/,
  );
  assert.equal(
    saying('settled', { finalists: others, moments: [] }),
    'the last word took another: what it would keep without FFN.Wi',
  );
  const own = [finalist(ownAnswer, true), finalist('a random structure (draw 0)', false)];
  assert.equal(saying('settled', { finalists: own }), saying('settled'));
  // A structure that is trained again was searched elsewhere.
  assert.equal(
    saying('settled', { ...withScore({ resources: { retrain: stage(50, 600) } }), finalists: others }),
    undefined,
  );
});

test('a method with a size of its own has no smaller budget', () => {
  const trained = withScore({
    ...{ score: { ...result.score!, test: 100, majority: 100 }, resources: { retrain: stage(50, 600) } },
  });
  const lora = runVerdict({ ...facts, ...trained, settings: { method: 'lora' } });
  assert.match(lora.next.command, /^s3delta compare runs\/a --methods lora,random .*--seeds 8/);
  assert.match(lora.next.why, /^it has a size of its own: a harder test/);
  const even = runVerdict({ ...facts, ...trained, settings: { method: 'tuned-lora' } });
  assert.match(even.next.command, /^s3delta train runs\/a\/config\.yaml --budget 100 /);
});

test('where no smaller budget holds a module, none is proposed again: other seeds are, and a harder test', () => {
  const full = { ...result.score!, test: 100, random: 100 };
  const least = withScore({
    ...{ score: full, structure: { modules: 1, parameters: 100 }, budget: { parameters: 100, fraction: 5e-5 } },
  });
  const verdict = runVerdict({ ...facts, ...least });
  assert.equal(verdict.outcome, 'at-ceiling');
  assert.equal(verdict.next.command, 's3delta compare runs/a --methods bilevel,random --seeds 8 --out runs/a-compare');
  assert.match(verdict.next.why, /^no smaller budget holds a module: a harder test, or more test rows, tells more/);
});

test('an interval that is not known hides no score that is not above the commonest label', () => {
  const { testInterval: _, ...old } = result;
  const constant = { ...old, score: { ...result.score!, test: 0, majority: 0 } };
  assert.equal(runVerdict({ ...facts, result: constant }).outcome, 'not-above-commonest');
  assert.match(saying('score', { result: constant })!, /0\.00, not above always the commonest label, 0\.00$/);
});

test('a search that is as long as suits its training is told a length of its own, with passes enough for it', () => {
  const settings = { ...facts.settings, strategy: 'sensitivity', 'search-steps': 'auto', 'batch-size': 8 };
  const commandOf = (more: RunFacts['settings'], changes: Partial<RunFacts> = {}) =>
    runVerdict({ ...facts, moments: movingUntil(90), settings: { ...settings, ...more }, ...changes }).next.command;
  const longer = 's3delta search runs/a/config.yaml';
  // 75 of the 150 steps of the training, in passes of half of its hundred rows, as some strategies have them.
  assert.equal(commandOf({ 'retrain-epochs': 20 }), `${longer} --search-steps 150 --epochs 22 --out runs/a-longer`);
  // An eighth of 1,300.
  assert.equal(
    commandOf({ 'retrain-epochs': 100, 'max-steps': undefined }),
    `${longer} --search-steps 326 --epochs 47 --out runs/a-longer`,
  );
  // The whole of a short one.
  assert.equal(commandOf({ 'retrain-epochs': 2 }), `${longer} --search-steps 52 --epochs 8 --out runs/a-longer`);
  // Where nothing is known of the data, by what it has told.
  const { data: _, ...unknown } = result;
  assert.equal(
    commandOf({ 'retrain-epochs': 20 }, { result: unknown }),
    `${longer} --search-steps 200 --max-steps 200 --epochs 8 --out runs/a-longer`,
  );
});

test('of a search without probabilities none are told, only whether what it keeps has stopped to change', () => {
  const untold = {
    modules: modules.map(module => ({ ...module, p: null })),
    moments: facts.moments.map(({ step, kept }) => ({ step, kept, worth: modules.map(({ worth }) => worth!) })),
  };
  assert.equal(saying('settled', untold), 'what it keeps did not change over the last fifth of the search');
});

test('a budget that holds everything leaves nothing to search', () => {
  const whole = withScore({ budget: { parameters: 400, fraction: 1e-3 }, structure: { modules: 4, parameters: 400 } });
  const verdict = runVerdict({ ...facts, ...whole, moments: [] });
  assert.equal(verdict.outcome, 'nothing-searched');
  // A tenth, 40, would hold none of the modules.
  assert.match(verdict.next.command, /--budget 100 /);
  assert.match(saying('settled', { ...whole, moments: [] })!, /nothing to search/);
  // What cannot change the output is kept by nobody, and counts for nothing.
  const inert = { ...modules[2]!, site: 'inert', parameters: 10, inert: true, kept: false };
  const candidates = [...modules, inert];
  const beside = runVerdict({ ...facts, ...whole, modules: candidates, moments: [] });
  assert.equal(beside.outcome, 'nothing-searched');
  assert.match(beside.next.command, /--budget 100 /);
});

test('a structure that was not trained has no score, and a training no search', () => {
  const { score: _, testInterval: __, ...found } = result;
  const untrained = runVerdict({ ...facts, result: { ...found, resources: { search: stage(20, 150) } } });
  assert.equal(untrained.outcome, 'not-trained');
  // With all the settings of the run: its data, seed, sizes and rates.
  assert.equal(
    untrained.next.command,
    's3delta train runs/a/config.yaml --structure runs/a/structure.json --out runs/a-trained',
  );
  const trained = runVerdict({
    ...facts,
    ...withScore({ resources: { retrain: stage(50, 600) } }),
    ...{ moments: [], settings: { method: 'lora', budget: '0.01%' } },
  });
  assert.deepEqual(
    trained.lines.map(({ about }) => about),
    ['score'],
  );
  assert.match(trained.next.command, /--methods lora,random/);
});

test('a folder that a shell would take apart is quoted', () => {
  assert.match(runVerdict({ ...facts, folder: 'my runs/a' }).next.command, /compare 'my runs\/a' /);
});
