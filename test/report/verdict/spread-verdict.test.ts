import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spreadPlotSvg } from '../../../src/report/pictures/plots-svg.ts';
import {
  bestStructure,
  type SpreadFacts,
  type SpreadRun,
  spreadOf,
  spreadVerdict,
} from '../../../src/report/spread.ts';

/** Trainings whose test scores these are, structures × seeds; validations are a point higher. */
function runsOf(tests: readonly (readonly number[])[], early = tests, majority = 51): SpreadRun[] {
  const line = { stage: 'retrain' as const, steps: 300, loss: 1, learningRate: 0.1, seconds: 1 };
  return tests.flatMap((row, structure) =>
    row.map((score, seed) => ({
      ...{ task: 'sst2', budget: '0.01%', structure, seed, file: `s/${structure}.json` },
      result: {
        ...{ task: 'sst2', model: 'mini', seed, budget: { parameters: 900, fraction: 1e-4 } },
        structure: { modules: 2, parameters: 900 },
        score: { metric: 'accuracy', validation: score + 1, test: score, majority },
        resources: { retrain: { seconds: 1, peakBytes: 1, evaluations: 300 } },
      },
      metrics: [
        { ...line, step: 60, score: early[structure]![seed]!, best: 1, validationLoss: 1 - score / 100 },
        { ...line, step: 300, score, best: 1, validationLoss: 1 - score / 100 },
      ],
    })),
  );
}

const verdictOn = (
  tests: readonly (readonly number[])[],
  early = tests,
  { majority, ...changes }: Partial<SpreadFacts> & { readonly majority?: number } = {},
) => {
  const spread = spreadOf(runsOf(tests, early, majority));
  const settings = { 'retrain-epochs': 4, 'max-steps': 300 };
  return spreadVerdict({
    ...{ spread, task: 'sst2', out: 'runs/s', config: 'runs/s/matrix.yaml', settings },
    ...{ drawn: tests.length, hasMore: true, failed: 0, cheapest: 100 },
    ...{ given: { tasks: ['sst2'], budgets: ['0.01%'], executor: {} }, ...changes },
  });
};

const noise = [0.5, -0.4, 0.1, -0.6, 0.3, 0.2, -0.1, 0.4, -0.5, 0.1, 0.3, -0.3];
const table = (between: number, within: number) =>
  noise.map((_, i) =>
    [0, 1].map(seed => 75 + between * (i - 5.5) + within * noise[(5 * i + 3 * seed) % 12]! + 2 * seed),
  );

test('structures that differ are worth a search, up to what the best of them is above their mean', () => {
  const verdict = verdictOn(table(0.6, 1));
  assert.equal(verdict.outcome, 'structures-differ');
  const says = verdict.lines[0]!.says;
  const [, sd, low, high, within, win] =
    /differ by (\S+) points \((\S+) to (\S+)\), training noise (\S+): a search can win up to about (\S+) points/.exec(
      says,
    )!;
  assert.ok(Number(low) > 0 && Number(low) < Number(sd) && Number(sd) < Number(high), says);
  assert.ok(Math.abs(Number(win) - 1.63 * Number(sd)) <= 0.6 && Number(within) < 0.6, says);
  assert.match(says, /^after 300 steps .*8 seeds show a difference of \d\.\d$/);
  assert.match(
    verdict.next.command,
    /^s3delta compare runs\/s --task sst2 --budget 0\.01% --methods found,random,best/,
  );
});

test('where seeds differ as much as structures, searching will not help', () => {
  const verdict = verdictOn(table(0, 1));
  assert.equal(verdict.outcome, 'structures-alike');
  assert.match(verdict.lines[0]!.says, /do not differ more than seeds do.*searching will not help here$/);
  assert.match(verdict.next.command, /^s3delta train runs\/s\/matrix\.yaml .*--structure s\/\d+\.json/);
});

test('where every training has the full score, a smaller budget is asked for, not more structures', () => {
  const verdict = verdictOn(
    table(0, 0)
      .slice(0, 3)
      .map(row => row.map(() => 100)),
  );
  assert.equal(verdict.outcome, 'at-ceiling');
  assert.match(verdict.lines[0]!.says, /^after 300 steps all of 3 structures have the full score with every seed/);
  assert.match(verdict.next.command, /^s3delta spread runs\/s .*--budget 225 .*--out runs\/s-smaller$/);
});

test('no budget is proposed that holds no module: where none is smaller, other seeds are', () => {
  const full = table(0, 0).map(row => row.map(() => 100));
  assert.match(verdictOn(full, full, { cheapest: 400 }).next.command, /--budget 400 .*--out runs\/s-smaller$/);
  const { command, why } = verdictOn(full, full, { cheapest: 900 }).next;
  assert.match(command, /--budget 0\.01% --structures 12 --seeds 4 --out runs\/s$/);
  assert.match(why, /^no smaller budget holds a module/);
});

test('where nothing was learned structures are neither alike nor different: longer trainings come first', () => {
  const constant = verdictOn(
    table(0, 0).map(row => row.map(() => 81)),
    undefined,
    { majority: 81 },
  );
  assert.equal(constant.outcome, 'not-above-commonest');
  assert.match(
    constant.lines[0]!.says,
    /^not known: after 300 steps structures have 81\.00 in the mean, not above always .* 81\.00, and/,
  );
  assert.equal(
    constant.next.command,
    's3delta spread runs/s --task sst2 --budget 0.01% --structures 12 --seeds 2 --max-steps 900 --retrain-epochs 12 ' +
      '--out runs/s-longer',
  );
  // Structures of 70 to 79 beside 80.
  const below = verdictOn(table(0.6, 1), undefined, { majority: 80 });
  assert.equal(below.outcome, 'not-above-commonest');
  assert.match(below.lines[0]!.says, /a loss: below always the commonest label, 80\.00/);
  // All of them score as the commonest label, one a little above by chance.
  assert.equal(verdictOn(table(0, 1), undefined, { majority: 76 }).outcome, 'not-above-commonest');
  // Some have learned, and the mean of all says nothing of them.
  assert.equal(verdictOn(table(3, 1), undefined, { majority: 80 }).outcome, 'structures-differ');
  assert.match(below.next.why, /nothing was learned/);
  const chance = verdictOn(table(0, 1), undefined, { majority: 75.9 });
  assert.equal(chance.outcome, 'not-above-commonest');
  assert.match(chance.next.why, /^more steps .* better than always giving one answer, but by no more than chance/);
  // One structure with one score is not above it either.
  assert.equal(verdictOn([[50]], undefined, { majority: 50 }).outcome, 'not-above-commonest');
});

test('what is in the folder stays in its tables: tasks, budgets, seeds that were named', () => {
  const runs = runsOf(table(0.1, 1).slice(0, 3)).map(run => ({ ...run, seed: run.seed + 5 }));
  const where = { task: 'sst2', out: 'runs/s', config: 'runs/s/matrix.yaml', settings: {} };
  const given = { tasks: ['sst2', 'rte.yaml'], budgets: ['0.01%', '300'], executor: { processes: 2 } };
  const facts = { ...where, given, drawn: 3, failed: 0, cheapest: 32 };
  const { next } = spreadVerdict({ ...facts, spread: spreadOf(runs), hasMore: true });
  assert.equal(
    next.command,
    's3delta spread runs/s --task sst2,rte.yaml --budget 0.01%,300 --structures 12 --seeds 5,6 --processes 2 --out runs/s',
  );
  const most = spreadVerdict({ ...facts, spread: spreadOf(runs), hasMore: false });
  assert.match(most.next.command, /--structures 3 --seeds 5,6,7,8 --processes 2 --out runs\/s$/);
});

test('too few trainings know nothing, and say what would', () => {
  const verdict = verdictOn(table(0.1, 1).slice(0, 3));
  assert.equal(verdict.outcome, 'spread-unknown');
  assert.match(verdict.lines[0]!.says, /^not known after 300 steps: structures may differ by anything from 0 to/);
  assert.match(verdict.next.command, /^s3delta spread runs\/s .*--structures 12 --seeds 2 --out runs\/s$/);
  // Two of one mean are no proof that structures are alike.
  const two = verdictOn([
    [75, 55],
    [70, 60],
  ]);
  assert.equal(two.outcome, 'spread-unknown');
  assert.match(two.lines[0]!.says, /: 2 structures are too few to call them alike$/);
  const alone = verdictOn([[70, 71]]);
  assert.equal(alone.outcome, 'spread-unknown');
});

test('where the budget leaves no more structures, more seeds are asked for', () => {
  const tests = table(0.1, 1).slice(0, 3);
  const { outcome, next } = verdictOn(tests, tests, { hasMore: false });
  assert.equal(outcome, 'spread-unknown');
  assert.match(next.command, /^s3delta spread runs\/s .*--structures 3 --seeds 4 --out runs\/s$/);
  assert.match(next.why, /leaves no more structures: more seeds/);
});

test('trainings that have failed come first, by the same command', () => {
  // One of twelve structures is whole.
  const some = table(0.1, 1).slice(0, 2);
  const { next } = verdictOn(some, some, { drawn: 12, failed: 10 });
  assert.match(next.command, /--structures 12 --seeds 2 --out runs\/s$/);
  assert.match(next.why, /^10 trainings failed: once the cause is mended, the same command/);
  assert.match(verdictOn(some, some, { drawn: 12 }).next.command, /--structures 24 --seeds 2 /);
});

test('nothing is told that lies beyond the scale of the metric', () => {
  const wide = verdictOn([
    [90, 80],
    [10, 20],
    [95, 60],
  ]);
  const [, most] = /anything from 0 to (\S+) points/.exec(wide.lines[0]!.says)!;
  // The largest deviation of scores with a mean of 59.2.
  assert.equal(most, '49.2');
  const high = Array.from({ length: 12 }, (_, i) => [i === 0 ? 40 : 99.5, i === 0 ? 41 : 100]);
  const says = verdictOn(high).lines[0]!.says;
  const [, win] = /can win up to about (\S+) points/.exec(says)!;
  assert.ok(Number(win) <= 6, says);
  const nothing = verdictOn(
    [
      [5, 6],
      [90, 40],
    ],
    undefined,
    { majority: 70 },
  ).lines[0]!.says;
  assert.match(nothing, /35\.25 \(0\.0 to 100\.0\) in the mean/);
});

test('a spread that fades was speed of learning', () => {
  const fading = verdictOn(table(0.2, 0.3), table(2, 0.3));
  assert.match(fading.lines[1]!.says, /\d\.\d after 60 steps, \d\.\d after 300 steps: what differed was how fast/);
  assert.doesNotMatch(verdictOn(table(0.6, 1)).lines[1]!.says, /how fast/);
});

test('structures that lack a seed are left out, and the best is chosen on validation', () => {
  const runs = runsOf(table(0.6, 1)).filter(({ structure, seed }) => structure !== 11 || seed === 0);
  const spread = spreadOf(runs);
  assert.equal(spread.structures.length, 11);
  assert.equal(bestStructure(spread)!.structure, 10);
  assert.equal(spread.along.length, 2);
  assert.ok(spread.along.every(({ loss }) => loss !== undefined));
  const svg = spreadPlotSvg(spread);
  assert.equal(svg.split('<circle').length - 1, 11);
  assert.match(svg, /structure 10, 900 parameters/);
});
