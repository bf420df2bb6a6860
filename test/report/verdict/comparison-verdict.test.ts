import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownEffect } from '../../../src/core/shown-effects.ts';
import { signFlipTest } from '../../../src/core/statistics.ts';
import { type ComparedRun, compareRuns } from '../../../src/report/comparison.ts';
import type { ComparisonFacts } from '../../../src/report/verdict/comparison-next.ts';
import { comparisonVerdicts } from '../../../src/report/verdict/comparison-verdict.ts';
import type { FoundStructure } from '../../../src/report/verdict/row-lines.ts';
import { judge } from '../../../src/report/verdict/verdict.ts';

const stage = (seconds: number) => ({ seconds, peakBytes: 1e9, evaluations: 10 * seconds });

function runsOf(
  scores: Readonly<Record<string, readonly number[]>>,
  { majority = 50, rows = 1000, seeds = [0, 1, 2, 3, 4, 5, 6, 7] }: Partial<Case> = {},
): ComparedRun[] {
  return Object.entries(scores).flatMap(([method, values]) =>
    values.map((score, i) => {
      const seed = seeds[i]!;
      const isFound = ['found', 'bilevel'].includes(method);
      return {
        ...{ task: 'sst2', method, label: method, variant: '', budget: '0.01%', seed, isFound },
        result: {
          ...{ task: 'sst2', model: 'mini', seed, budget: { parameters: 900, fraction: 1e-4 } },
          structure: { modules: 2, parameters: 900 },
          data: { train: 100, validation: 50, test: rows, note: 'halves' },
          score: { metric: 'accuracy', validation: score, test: score, majority },
          ...(values.length === 1 && { testInterval: { low: score - 4, high: score + 3 } }),
          resources: { ...(isFound && { search: stage(method === 'found' ? 10 : 100) }), retrain: stage(20) },
        },
      };
    }),
  );
}

interface Case {
  readonly majority: number;
  /** Of the test part. */
  readonly rows: number;
  readonly seeds: readonly number[];
  /** What is known of every structure. */
  readonly structure: Partial<FoundStructure>;
  /** What was given beside the settings that all runs have. */
  readonly given: Partial<Pick<ComparisonFacts['given'], 'again' | 'executor'>>;
  readonly least: ComparisonFacts['least'];
}

function verdictsOn(runs: readonly ComparedRun[], { structure = {}, given, least = {} }: Partial<Case> = {}) {
  return comparisonVerdicts({
    ...{ rows: compareRuns(runs), runs, out: 'runs/c', least },
    searches: runs
      .filter(run => run.isFound)
      .map(run => {
        return { ...run, isSettled: run.seed > 0 && run.method === 'found', ...structure };
      }),
    given: { tasks: { sst2: 'sst2' }, methods: {}, again: {}, executor: {}, ...given },
    settings: { 'retrain-epochs': 4, 'max-steps': 300 },
    commandOf: ({ method }) => `what ${method} does`,
  });
}

function verdictOn(scores: Readonly<Record<string, readonly number[]>>, of: Partial<Case> = {}) {
  const [verdict, ...others] = verdictsOn(runsOf(scores, of), of);
  assert.deepEqual(others, []);
  return verdict!;
}

const found = [76, 78, 77, 75, 79, 76, 78, 77];
const less = (by: readonly number[]) => found.map((score, i) => score - by[i % by.length]!);
const against = (verdict: ReturnType<typeof verdictOn>, name: string) =>
  verdict.lines.find(({ about }) => about.startsWith(`against ${name}`))!.says;

test('a win needs differences outside the noise', () => {
  const verdict = verdictOn({ found, random: less([4, 6, 5]) });
  assert.equal(verdict.outcome, 'win');
  assert.match(
    against(verdict, 'random'),
    /^\+5\.0 points \(4\.\d to 5\.\d\) over 8 seeds, p = 0\.0078: a win, outside/,
  );
  // LoRA was not run yet.
  assert.match(verdict.next.command, /--methods found,random,value-lora,tuned-lora .*--seeds 8/);
  const texts = verdict.lines.map(({ about, says }) => `${about} ${says}`).join('\n');
  assert.match(texts, /^score accuracy 77\.00 \(95 % interval 75\.\d to 78\.\d\) over 8 seeds, above always/m);
  assert.match(texts, /^cost a search took 0\.50 trainings in time, 0\.50 in losses/m);
  assert.match(texts, /^settled 7 of 8 searches/m);
});

test('beside another search, what is told of the first is its own: what it cost, and how settled it was', () => {
  const verdict = verdictOn({ found, bilevel: less([4, 6, 5]) });
  const texts = verdict.lines.map(({ about, says }) => `${about} ${says}`).join('\n');
  assert.match(texts, /^cost a search took 0\.50 trainings in time, 0\.50 in losses/m);
  assert.match(texts, /^settled 7 of 8 searches/m);
  assert.equal(verdict.outcome, 'win');
  assert.match(verdict.next.why, /^better than what it was held against; LoRA /);
});

test('better, but within the noise, is no win: more seeds where they would tell, else the spread', () => {
  const verdict = verdictOn({ found, random: less([4, -1.5, 3]) });
  assert.equal(verdict.outcome, 'within-noise');
  assert.match(against(verdict, 'random'), /within the noise; \d+ seeds would tell/);
  assert.match(verdict.next.command, /^s3delta compare runs\/c .*--seeds [12]\d --out runs\/c$/);
  const hopeless = verdictOn({ found, random: less([4, -4, 4, -3.9]) });
  assert.match(against(hopeless, 'random'), /more than 64 seeds/);
  assert.match(hopeless.next.command, /^s3delta spread runs\/c --task sst2 --budget 0\.01% --out runs\/c-spread$/);
});

test('a single seed has the interval of its test rows, and is held beside the commonest label by it', () => {
  const one = verdictOn({ found: [76], random: [70] });
  assert.match(
    one.lines[0]!.says,
    /^accuracy 76\.00 of one seed \(95 % interval 72\.0 to 79\.0, by 1,000 test rows alone: .*\), above always the/,
  );
  assert.equal(one.outcome, 'one-seed');
  assert.equal(verdictOn({ found: [76], random: [70] }, { majority: 80 }).outcome, 'not-above-commonest');
});

test('equal scores over the seeds have no interval: that they are equal makes nothing sure', () => {
  const equal = verdictOn({ found: [70, 70, 70], random: [60, 61, 62] });
  assert.match(equal.lines[0]!.says, /^accuracy 70\.00 with every one of 3 seeds, beside always .* is not known$/);
  assert.equal(verdictOn({ found: [0, 0], random: [0, 0] }, { majority: 0 }).outcome, 'not-above-commonest');
});

test('a budget that holds every candidate leaves nothing to search, whatever the scores', () => {
  for (const scores of [
    { found, random: found },
    { found: [76, 77], random: [70, 71] },
  ]) {
    const verdict = verdictOn(scores, { structure: { holdsAll: true, cheapest: 40 } });
    assert.equal(verdict.outcome, 'nothing-searched');
    assert.match(verdict.lines.at(-1)!.says, /^the budget holds every candidate: there was nothing to search$/);
    assert.match(verdict.next.command, /^s3delta compare runs\/c .*--budget 0\.01%,90 --seeds \d --out runs\/c$/);
    assert.match(verdict.next.why, /^a smaller budget leaves something to choose/);
  }
  // Where no module is smaller, other seeds.
  const least = verdictOn({ found, random: found }, { structure: { holdsAll: true, cheapest: 900 } });
  assert.match(least.next.command, /--budget 0\.01% --seeds 16 /);
});

test('a last word that took another answer than the searches is told', () => {
  const verdict = verdictOn({ found, random: less([4, 6, 5]) }, { structure: { overruledBy: 'a random structure' } });
  assert.match(
    verdict.lines.at(-1)!.says,
    /^7 of 8 searches kept .*; the last word took another answer than the search's own in 8$/,
  );
});

test('equal scores are a tie', () => {
  const verdict = verdictOn({ found, random: found });
  assert.equal(verdict.outcome, 'tie');
  assert.match(verdict.next.command, /^s3delta spread/);
});

test('full scores on both sides ask for a smaller budget, over one seed or many', () => {
  for (const scores of [[100], [100, 100], new Array<number>(8).fill(100)]) {
    const verdict = verdictOn({ found: scores, random: scores });
    assert.equal(verdict.outcome, 'at-ceiling');
    assert.match(against(verdict, 'random'), /no number of seeds can tell them apart/);
    const seeds = scores.length;
    assert.match(verdict.next.command, new RegExp(`--budget 0\\.01%,225 --seeds ${seeds} --out runs/c$`));
  }
  assert.equal(verdictOn({ found: [100, 100], random: [100, 99] }).outcome, 'too-few-seeds');
  assert.equal(verdictOn({ found: [100, 100], random: [90, 90] }, { majority: 100 }).outcome, 'at-ceiling');
});

test('equal scores of one seed on a handful of rows ask for rows, not for seeds', () => {
  assert.equal(verdictOn({ found: [85], random: [85] }, { rows: 20 }).outcome, 'too-few-rows');
  assert.equal(verdictOn({ found: [85], random: [85] }, { rows: 200 }).outcome, 'one-seed');
});

test('a loss says what to use', () => {
  const verdict = verdictOn({ found, random: less([-4, -6, -5]), 'tuned-lora': less([-8, -9]) });
  assert.equal(verdict.outcome, 'loss');
  assert.equal(verdict.next.command, 'what tuned-lora does');
  assert.equal(verdict.next.why, 'use tuned-lora: it is better, and needs no search');
});

test('a loss to any rival decides, whatever else was beaten or tied', () => {
  const others: Record<string, number[]>[] = [
    { random: less([4, 6, 5]) },
    { random: less([4, -1.5, 3]) },
    { bitfit: less([4, 6, 5]) },
  ];
  for (const scores of [...others, { 'tuned-lora': found }]) {
    const verdict = verdictOn({ found, ...scores, 'value-lora': less([-8, -9]) });
    assert.equal(verdict.outcome, 'loss');
    assert.equal(verdict.next.command, 'what value-lora does');
  }
  const trained = verdictOn({ found, random: less([4, 6, 5]), 'best-of-random': less([-3, -4]) });
  assert.match(
    trained.next.why,
    /^use best-of-random: it is better; it took 200 losses with gradients, what was found /,
  );
  assert.doesNotMatch(trained.next.why, /no search/);
});

test('a win over random that LoRA without a search equals is no reason to search', () => {
  const verdict = verdictOn({ found, random: less([4, 6, 5]), bitfit: less([3, -2]), 'tuned-lora': less([1, -1]) });
  assert.equal(verdict.outcome, 'win');
  assert.equal(verdict.next.command, 'what tuned-lora does');
  assert.match(verdict.next.why, /^use tuned-lora: it needs no search/);
});

test('without a random structure the rival that is hardest to beat decides', () => {
  const verdict = verdictOn({ found, bitfit: less([4, 6, 5]), 'value-lora': less([1, -1.5]) });
  assert.equal(verdict.outcome, 'within-noise');
});

test('a win over every rival is said of one over every rival alone', () => {
  const beaten = { found, random: less([4, 6, 5]), 'value-lora': less([3, 4]) };
  const won = verdictOn({ ...beaten, 'best-of-random': less([2, 3]) });
  assert.equal(won.next.why, 'a win over every rival: how much smaller can it be?');
  const open = verdictOn({ ...beaten, 'best-of-random': less([2, -0.6, 1.8]) });
  assert.match(
    open.next.why,
    /^better than a random structure, not shown to be better than best-of-random; more seeds,/,
  );
  assert.match(open.next.command, /^s3delta compare .*--seeds 1\d --out runs\/c$/);
  const { random } = beaten;
  const untried = verdictOn({ found, random, 'best-of-random': less([1, -1.5]) });
  assert.match(untried.next.why, /not shown to be better than best-of-random; LoRA on values, .* were not run$/);
});

test('a smaller budget is one that every method of the command takes', () => {
  const scores = { found, random: less([4, 6, 5]), 'value-lora': less([3, 4]) };
  const smallest = (least: number) =>
    verdictOn(scores, { structure: { cheapest: 32 }, least: { 'value-lora': least } });
  assert.match(smallest(64).next.command, /--budget 0\.01%,450 --seeds 8 --out runs\/c$/);
  assert.match(smallest(600).next.command, /--budget 0\.01%,600 --seeds 8 --out runs\/c$/);
  assert.match(smallest(900).next.command, /--budget 0\.01% --seeds 16 --out runs\/c$/);
  assert.match(smallest(900).next.why, /^a win over every rival, at the smallest budget there is/);
  // LoRA that the budget does not hold is not what comes next.
  const least = { 'value-lora': 1000, 'tuned-lora': 1000 };
  assert.match(verdictOn({ found, random: less([4, 6, 5]) }, { least }).next.why, /^a win over every rival: how much/);
});

test('a command on the same folder names all that is there, and what the folder does not hold', () => {
  const seeds = [10, 11, 12, 13, 14, 15];
  const executor = { executor: 'here', processes: 4 };
  const again = { order: 'first,second', 'share-search': true, 'fine-tuning-lr': 1e-4 } as const;
  const scores = { found: found.slice(0, 6), random: less([4, -1.5, 3]).slice(0, 6) };
  const small = runsOf(scores, { seeds });
  const large = small.map(run => ({ ...run, budget: '1%' }));
  const task = small.map(run => ({ ...run, task: 'rte' }));
  for (const verdict of verdictsOn([...small, ...large, ...task], { given: { again, executor } })) {
    assert.match(
      verdict.next.command,
      new RegExp(
        '^s3delta compare runs/c --task sst2,rte --methods found,random --budget 0.01%,1% --order first,second ' +
          '--share-search --fine-tuning-lr 0.0001 --seeds 10,11,12,13,14,15,16,17,18,19,20,21,22,23(,2\\d)* ' +
          '--executor here --processes 4 --out runs/c$',
      ),
    );
  }
  // Half of the smallest that is there: the command that has made it is not proposed once more.
  const won = runsOf({ found, random: less([4, 6, 5]), 'value-lora': less([3, 4]) });
  const halved = won.map(run => ({
    ...run,
    budget: '450',
    result: { ...run.result, structure: { modules: 1, parameters: 450 } },
  }));
  for (const { next } of verdictsOn([...won, ...halved])) assert.match(next.command, /--budget 0\.01%,450,225 /);
});

test('where nothing was held against it, a rival is what lacks, not seeds', () => {
  for (const seeds of [1, 8]) {
    const verdict = verdictOn({ found: found.slice(0, seeds) });
    assert.equal(verdict.outcome, 'no-rival');
    assert.match(verdict.next.command, /--methods found,random .*--seeds 8 --out runs\/c$/);
    assert.match(verdict.next.why, /^a random structure beside it/);
  }
});

test('below the commonest label is a loss whatever the rivals do', () => {
  const verdict = verdictOn({ found, random: less([9]) }, { majority: 90 });
  assert.equal(verdict.outcome, 'not-above-commonest');
  assert.match(verdict.lines[0]!.says, /a loss: below always the commonest label, 90\.00/);
  // Longer trainings come first.
  assert.equal(
    verdict.next.command,
    's3delta compare runs/c --task sst2 --methods found,random --budget 0.01% --seeds 8 --max-steps 600 ' +
      '--retrain-epochs 12 --out runs/c-longer',
  );
  assert.match(verdict.next.why, /nothing was learned/);
  // Above it, but not shown to be.
  const above = verdictOn({ found, random: less([9]) }, { majority: 76.9 });
  assert.equal(above.outcome, 'not-above-commonest');
  assert.match(above.next.why, /it is better than always giving one answer, but by no more than chance may give$/);
});

test('a rival that has learnt nothing is told as that', () => {
  const verdict = verdictOn({ found, random: less([40]), 'tuned-lora': less([7]) });
  assert.match(against(verdict, 'random'), /; it is not above always the commonest label, 50\.00, itself$/);
  assert.doesNotMatch(against(verdict, 'tuned-lora'), /commonest/);
});

test('one seed knows nothing, and five cannot tell', () => {
  const one = verdictOn({ found: [90], random: [50] });
  assert.equal(one.outcome, 'one-seed');
  assert.match(against(one, 'random'), /not known from one seed/);
  const five = verdictOn({ found: found.slice(0, 5), random: less([4, 6, 5]).slice(0, 5) });
  assert.equal(five.outcome, 'too-few-seeds');
  assert.match(five.next.command, /--seeds 8 --out runs\/c$/);
});

test('the seeds asked for show the difference four times in five, by the test that is used', () => {
  const test = signFlipTest([3, -1, 2, 0.5, 1.5, -0.5, 2.5, 1])!;
  const { seeds } = judge(test);
  const effect = test.difference / test.sd!;
  assert.ok(shownEffect(seeds) <= effect && effect < shownEffect(seeds - 1), `${seeds} seeds for ${effect}`);
});

test('so many seeds as have just not told a difference are not said to tell it', () => {
  // p = 0.063 of six, which tell a difference of this size four times in five.
  const scores = { found: found.slice(0, 6), random: less([5, 6, 5.5, 5, 6, -0.1]).slice(0, 6) };
  const verdict = verdictOn(scores);
  assert.equal(verdict.outcome, 'within-noise');
  assert.match(against(verdict, 'random'), /p = 0\.063: within the noise$/);
  assert.match(verdict.next.command, /--seeds 14 /);
  const smaller = verdictOn({ ...scores, random: less([5, 6, 5.5, 5, 6, -2]).slice(0, 6) });
  assert.match(against(smaller, 'random'), /within the noise; 7 seeds would tell/);
});
