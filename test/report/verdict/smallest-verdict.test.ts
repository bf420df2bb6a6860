import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ComparedRun, compareRuns } from '../../../src/report/comparison.ts';
import type { SmallestFacts } from '../../../src/report/verdict/smallest-next.ts';
import { smallestVerdict } from '../../../src/report/verdict/smallest-verdict.ts';
import { lowest } from '../../../src/report/verdict/within-margin.ts';

/** Validation scores of what was found at each budget, one a seed; test scores are a point lower. */
type Curve = Readonly<Record<string, readonly number[]>>;

interface Case {
  readonly margin?: SmallestFacts['margin'];
  readonly majority?: number;
  /** Points between validation and test of what was found. */
  readonly below?: number | readonly number[];
  /** Rows of the validation part. */
  readonly rows?: number;
  readonly size?: number;
  /** Of a random structure at each budget. */
  readonly random?: readonly number[];
  /** What a command on the folder says again. */
  readonly again?: SmallestFacts['given'];
}

const nothingMore = { tasks: ['sst2'], again: {}, executor: {} };

const stage = { seconds: 10, peakBytes: 2e9, evaluations: 100 };

function verdictOn(curve: Curve, lora: readonly number[], given: Case = {}) {
  const { margin = { value: 1, of: 'points' }, majority = 50, below = 1, rows = 500, size = 8000, random } = given;
  const labels: Readonly<Record<string, string>> = { lora: 'LoRA (r = 8)', found: 'S³Delta', random: 'random' };
  const row = (method: string, budget: string | null, parameters: number, values: readonly number[]) =>
    values.map((validation, seed) => {
      const less = method !== 'found' ? 1 : typeof below === 'number' ? below : below[seed]!;
      return {
        ...{ task: 'sst2', method, label: labels[method]!, variant: '', budget, seed, isFound: method === 'found' },
        result: {
          ...{ task: 'sst2', model: 'mini', seed, budget: { parameters, fraction: parameters / 1e6 } },
          structure: { modules: 3, parameters },
          data: { train: 100, validation: rows, test: 1000, note: 'halves' },
          score: { metric: 'accuracy', validation, test: validation - less, majority },
          testInterval: { low: validation - 3, high: validation + 1 },
          resources: { retrain: stage },
        },
      };
    });
  const runs = [
    ...Object.entries(curve).flatMap(([budget, values]) => [
      ...row('found', budget, Number(budget), values),
      ...row('random', budget, Number(budget), random ?? []),
    ]),
    ...row('lora', null, size, lora),
  ];
  const found = { task: 'sst2', method: 'found', variant: '', budget: '1414' };
  const search = { search: { ...stage, seconds: 20, evaluations: 300 } };
  const searches = [{ ...runs[0]!, ...found, result: { ...runs[0]!.result, score: undefined, resources: search } }];
  return smallestVerdict({
    ...{
      rows: compareRuns(runs).map(row => ({ ...row, scale: { low: 0, high: 100 } })),
      runs: [...searches, ...runs] as ComparedRun[],
      settings: { 'retrain-epochs': 4 },
    },
    searches: [{ ...found, isSettled: true, cheapest: 200 }],
    ...{ margin, within: '1', against: 'lora', reference: 'lora', task: 'sst2' },
    given: given.again ?? nothingMore,
    ...{ out: 'runs/s', config: 'runs/s/matrix.yaml', structureAt: budget => `at-${budget}.json` },
  });
}

const saying = (verdict: ReturnType<typeof verdictOn>, about: string) =>
  verdict!.lines.find(line => line.about.startsWith(about))?.says;

test('the smallest budget within the margin on validation is told, with the curve and more seeds to come', () => {
  const verdict = verdictOn({ 4000: [80.2], 500: [70], 2000: [79.5], 1000: [78.9] }, [80.4])!;
  assert.deepEqual([verdict.outcome, verdict.budget], ['smallest-within', '2000']);
  const [small, against, curve] = verdict.lines;
  assert.match(
    small!.says,
    /^2000, 2,?000 parameters, is the smallest of 4 budgets that reaches 79\.4\d* on validation/,
  );
  assert.match(small!.says, /80\.4\d* of LoRA \(r = 8\) \(8,?000 parameters\): 4\.0 times fewer$/);
  assert.match(against!.says, /^test accuracy 78\.5\d* \(76\.5 to 80\.5\) to 79\.4\d* .*not known from one seed/);
  assert.equal(curve!.says.split('; ').length, 5);
  assert.match(curve!.says, /^500, 500 parameters: 69\.0\d* \(67\.0 to 71\.0\); 1000,/);
  assert.match(
    verdict.next.command,
    /^s3delta compare runs\/s --task sst2 --budget 500,1000,2000,4000 --seeds 8 --score-within 1 --against lora --out runs\/s$/,
  );
});

test('a share is of the score that is held against', () => {
  assert.equal(lowest(80, { value: 0.01, of: 'share' }), 79.2);
  assert.equal(lowest(80, { value: 1.5, of: 'points' }), 78.5);
  assert.ok(lowest(-80, { value: 0.01, of: 'share' }) < -80);
});

test('over seeds the difference on test is judged, and what is left is to use it', () => {
  const seeds = [80, 81, 79, 80.5, 79.5, 80.2];
  const verdict = verdictOn({ 500: seeds.map(s => s - 9), 2000: seeds.map((s, i) => s - 0.5 + 0.1 * i) }, seeds)!;
  assert.match(verdict.lines[1]!.says, /over 6 seeds, p = /);
  assert.match(verdict.next.command, /^s3delta train runs\/s\/matrix\.yaml .*--structure at-2000\.json/);
  const smallest = verdictOn({ 500: seeds, 2000: seeds }, seeds)!;
  assert.equal(smallest.budget, '500');
  assert.match(smallest.next.command, /--budget 250,500,2000 --seeds 6/);
});

test('what is no better than always the commonest label is told as that, and trained for longer', () => {
  // Test scores of 50, as of always the commonest label.
  const nothing = verdictOn({ 500: [47.7], 2000: [51] }, [51], { margin: { value: 5, of: 'points' } })!;
  assert.deepEqual([nothing.outcome, nothing.budget], ['not-above-commonest', null]);
  assert.match(
    saying(nothing, 'how small')!,
    /^not known: the 50\.00 .* of LoRA \(r = 8\) is not told apart from always/,
  );
  assert.doesNotMatch(nothing.lines.map(({ says }) => says).join(), /times fewer/);
  assert.equal(
    nothing.next.command,
    's3delta compare runs/s --task sst2 --budget 500,2000 --seeds 1 --retrain-epochs 12 --score-within 1 ' +
      '--against lora --out runs/s-longer',
  );
  // LoRA has learned, what was chosen by a wide margin has not.
  const found = verdictOn({ 500: [45], 2000: [90] }, [91], { margin: { value: 60, of: 'points' } })!;
  assert.equal(found.outcome, 'not-above-commonest');
  assert.match(saying(found, 'how small')!, /^not known: the 44\.00 .* of 500, 500 parameters is a loss: below always/);
  const constant = verdictOn({ 500: [101], 2000: [101] }, [101], { majority: 100 })!;
  assert.equal(constant.outcome, 'at-ceiling');
  assert.match(saying(constant, 'data')!, /^every test row has the commonest answer/);
  assert.equal(constant.budget, null);
  assert.match(
    saying(constant, 'how small')!,
    /^not known: the 100\.00 .* of LoRA \(r = 8\) is not told apart from always .* shows nothing$/,
  );
});

const eight = [90.2, 91.1, 90.6, 91.9, 91.3, 92.2, 91.7, 91];

test('a loss on test beyond the margin is not used: a larger budget is, or more steps where none is left', () => {
  const curve = { 500: eight.map(s => s - 9), 1000: eight, 4000: eight };
  const verdict = verdictOn(curve, eight, { below: 11 })!;
  assert.deepEqual([verdict.outcome, verdict.budget], ['loss', '1000']);
  assert.match(saying(verdict, 'against LoRA')!, /−10\.0 points .*a loss, outside the noise; beyond the margin, 1\.0/);
  assert.match(saying(verdict, 'how small')!, /: 8\.0 times fewer; the test does not bear it out$/);
  assert.match(verdict.next.command, /^s3delta compare runs\/s --task sst2 --budget 4000 --seeds 8 /);
  assert.match(verdict.next.why, /^a larger budget: on test this one is beyond the margin; or more steps, or a wider/);
  const twice = verdictOn({ 1000: eight }, eight, { below: 11 })!;
  assert.match(twice.next.command, /--budget 1000,2000 /);
  const last = verdictOn({ 4000: eight }, eight, { below: 11 })!;
  assert.match(last.next.command, /--budget 4000 --seeds 8 --retrain-epochs 12 .*--out runs\/s-longer$/);
});

test('a loss outside the noise but within the margin is what was asked for', () => {
  const verdict = verdictOn({ 500: eight.map(s => s - 9), 1000: eight }, eight, { below: 1.5 })!;
  assert.equal(verdict.outcome, 'smallest-within');
  assert.match(
    saying(verdict, 'against LoRA')!,
    /a loss, outside the noise; within the margin, 1\.0 points, here too$/,
  );
  assert.equal(verdict.next.why, 'use it: 89.75 to 90.25, parameters 8.0 times fewer');
});

test('where so many seeds do not tell on test, more of them are asked for, or a wider margin', () => {
  const open = (below: readonly number[]) => verdictOn({ 1000: eight }, eight, { below })!;
  const some = open([0, 3, 0.5, 2.5, 1, 3, 0, 2]);
  assert.match(
    saying(some, 'against LoRA')!,
    /whether that is within the margin, 1\.0 points, so many seeds do not tell/,
  );
  assert.equal(some.outcome, 'smallest-within');
  assert.match(some.next.command, /--budget 1000 --seeds \d\d --score-within 1 .*--out runs\/s$/);
  const many = open([-8, 12, -7, 11.6, -6, 10, -7, 11]);
  assert.match(many.next.command, /--seeds 8 --score-within 2 /);
});

test('fewer seeds than can tell ask for more, whatever the budget', () => {
  for (const seeds of [1, 3, 5]) {
    const few = eight.slice(0, seeds);
    for (const curve of [{ 500: few }, { 500: few.map(s => s - 9), 2000: few }] as Curve[]) {
      const verdict = verdictOn(curve, few)!;
      assert.match(verdict.next.command, /--seeds 8 --score-within 1/);
      assert.match(verdict.next.why, /^more seeds/);
    }
  }
});

test('few validation rows are warned of, with what each of them is worth', () => {
  const verdict = verdictOn({ 500: [80] }, [80], { rows: 20 })!;
  assert.equal(
    saying(verdict, 'data'),
    'the validation part has 20 rows: which budget is within 1 by it is mostly chance',
  );
  assert.equal(saying(verdictOn({ 500: [80] }, [80]), 'data'), undefined);
});

test('it tells what the search cost, how settled it was, and what a random structure of that budget is worth', () => {
  const verdict = verdictOn({ 500: eight, 2000: eight }, eight, { random: eight.map((s, i) => s - 4 - (i % 2)) })!;
  assert.equal(
    saying(verdict, 'cost'),
    'a search took 2.0 trainings in time, 3.0 in losses with gradients; one serves every budget',
  );
  assert.match(saying(verdict, 'settled')!, /^1 of 1 searches kept the same set/);
  assert.match(saying(verdict, 'against random at 500')!, /^\+4\.5 points .* a win, outside the noise$/);
  assert.match(verdict.next.command, /--methods found,random --budget 250,500,2000 /);
});

test('no interval that is told leaves the scale of the metric', () => {
  const verdict = verdictOn({ 500: [5, 96] }, [97, 4], { margin: { value: 40, of: 'points' } })!;
  const told = verdict.lines.map(({ says }) => says).join('\n');
  assert.match(told, /49\.50 \(0\.0 to 100\.0\)/);
  assert.match(told, /points \(-100\.0 to 100\.0\) over 2 seeds/);
});

test('times are plain numbers, and what is no smaller than what it is held against answers nothing', () => {
  const sizes = (size: number) => saying(verdictOn({ 500: [80] }, [80], { size }), 'how small')!;
  assert.match(sizes(128_000), /: 256 times fewer$/);
  assert.match(sizes(650), /: 1\.3 times fewer$/);
  assert.match(sizes(510), /: hardly fewer$/);
  const larger = verdictOn({ 500: [70], 9000: [80] }, [80])!;
  assert.deepEqual([larger.outcome, larger.budget], ['none-within', null]);
  assert.match(saying(larger, 'how small')!, /^none of 1 budgets below its size reaches/);
  assert.match(
    saying(larger, 'curve')!,
    /9000, 9,?000 parameters: 79\.00 \(.*\), not smaller than LoRA \(r = 8\); LoRA/,
  );
  const none = verdictOn({ 9000: [80] }, [80])!;
  assert.match(saying(none, 'how small')!, /^not known: none of 1 budgets is smaller than LoRA \(r = 8\) \(8,?000/);
  assert.match(none.next.command, /--budget 4000 /);
});

test('no budget is proposed that holds no module', () => {
  // Half would hold none of 200 parameters, the cheapest.
  assert.match(verdictOn({ 300: eight }, eight)!.next.command, /--budget 200,300 /);
  assert.match(verdictOn({ 200: eight }, eight)!.next.command, /^s3delta train .*--structure at-200\.json/);
});

test('what no module is smaller than gives way to a larger method, or to more seeds of the same budgets', () => {
  const smallest = { size: 200 };
  const none = verdictOn({ 200: [80], 300: [81] }, [82], smallest)!;
  assert.equal(none.outcome, 'none-within');
  assert.equal(
    none.next.command,
    's3delta compare runs/s --task sst2 --seeds 1 --score-within 1 --against fine-tuning --out runs/s-fine-tuning',
  );
  assert.match(none.next.why, /no budget holds a module and is smaller/);
  // Half of 300 holds no module, and what does is smaller.
  assert.match(verdictOn({ 300: [80] }, [82], { size: 300 })!.next.command, /--budget 200 --seeds 1 /);
  const full = eight.map(() => 101);
  const constant = verdictOn({ 200: full, 300: full }, full, { ...smallest, majority: 100 })!;
  assert.match(constant.next.command, /--budget 200,300 --seeds 16 /);
});

test('where all have the full score, a smaller budget comes before more seeds', () => {
  // Test scores are a point lower than validation.
  const verdict = verdictOn({ 500: [101], 2000: [101] }, [101])!;
  assert.match(verdict.lines[1]!.says, /both have 100\.00, the most there is/);
  assert.match(verdict.next.command, /--budget 250,500,2000 --seeds 1 /);
});

test('what is in the folder stays in its tables, and is done as before', () => {
  const again = { tasks: ['sst2', 'rte.yaml'], again: { 'fine-tuning-lr': 1e-4 }, executor: { processes: 2 } };
  const { next } = verdictOn({ 500: [70], 2000: [79.5] }, [80.4], { again })!;
  assert.equal(
    next.command,
    's3delta compare runs/s --task sst2,rte.yaml --budget 500,2000 --seeds 8 --fine-tuning-lr 0.0001 ' +
      '--score-within 1 --against lora --processes 2 --out runs/s',
  );
});

test('a larger budget that falls below again is told, not hidden', () => {
  const verdict = verdictOn({ 500: [79.9], 1000: [78], 2000: [80.1] }, [80.4])!;
  assert.equal(verdict.budget, '500');
  assert.match(verdict.lines[0]!.says, /; 1000 falls below it again: the curve is within its noise there$/);
});

test('where none is within it, the nearest is told, and nothing is chosen', () => {
  const verdict = verdictOn({ 500: [70], 1000: [75] }, [80.4])!;
  assert.deepEqual([verdict.outcome, verdict.budget], ['none-within', null]);
  assert.match(
    verdict.lines[0]!.says,
    /^none of 2 budgets reaches .* the nearest is 75\.0\d* at 1000, 1,?000 parameters$/,
  );
  assert.match(verdict.next.command, /--budget 500,1000,2000 /);
});

test('without what it is held against, as where that has failed, nothing is said', () => {
  assert.equal(verdictOn({ 500: [70] }, []), undefined);
  assert.equal(verdictOn({}, [80]), undefined);
});
