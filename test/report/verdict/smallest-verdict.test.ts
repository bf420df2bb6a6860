import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRuns } from '../../../src/report/comparison.ts';
import { lowest, type SmallestFacts, smallestVerdict } from '../../../src/report/verdict/smallest-verdict.ts';

/** Validation scores of what was found at each budget, one a seed; test scores are a point lower. */
type Curve = Readonly<Record<string, readonly number[]>>;

function verdictOn(
  curve: Curve,
  lora: readonly number[],
  margin: SmallestFacts['margin'] = { value: 1, of: 'points' },
) {
  const row = (method: string, budget: string | null, parameters: number, values: readonly number[]) =>
    values.map((validation, seed) => ({
      ...{ task: 'sst2', method, label: method === 'lora' ? 'LoRA (r = 8)' : 'S³Delta', variant: '', budget, seed },
      isFound: method === 'found',
      result: {
        ...{ task: 'sst2', model: 'mini', seed, budget: { parameters, fraction: parameters / 1e6 } },
        structure: { modules: 3, parameters },
        score: { metric: 'accuracy', validation, test: validation - 1, majority: 50 },
        testInterval: { low: validation - 3, high: validation + 1 },
        resources: { retrain: { seconds: 10, peakBytes: 2e9, evaluations: 100 } },
      },
    }));
  const runs = [
    ...Object.entries(curve).flatMap(([budget, values]) => row('found', budget, Number(budget), values)),
    ...row('lora', null, 8000, lora),
  ];
  return smallestVerdict({
    ...{ rows: compareRuns(runs), margin, within: '1', against: 'lora', reference: 'lora', task: 'sst2' },
    ...{ out: 'runs/s', config: 'runs/s/matrix.yaml', structureAt: budget => `at-${budget}.json` },
  });
}

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

test('where all have the full score, a smaller budget comes before more seeds', () => {
  // Test scores are a point lower than validation.
  const verdict = verdictOn({ 500: [101], 2000: [101] }, [101])!;
  assert.match(verdict.lines[1]!.says, /both have 100\.00, the most there is/);
  assert.match(verdict.next.command, /--budget 250,500,2000 --seeds 1 /);
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
