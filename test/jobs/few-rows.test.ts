import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, comparisonWork, rehearsePlan } from '../../src/experiments/compare-methods.ts';
import type { ExperimentEvent } from '../../src/experiments/run-cells.ts';
import { spreadWork } from '../../src/experiments/spread-structures.ts';
import { prepare } from '../../src/jobs/prepare.ts';
import { experimentWorkspace, runToEnd } from '../experiments/support.ts';

const space = experimentWorkspace();
const { order: _, 'eval-every': __, ...training } = space.settings;
const given = { ...training, task: [space.films], budget: ['500'] };
const eight = /^(warning: )?the validation part has 8 rows, by which .* mostly chance; give more rows/;

test('a job says when its validation part is too small to choose by, and what helps', async () => {
  const warnings = async (settings: object) => {
    const told: string[] = [];
    const onEvent = (event: { type: string; text?: string }) => {
      if (event.type === 'warning' && /validation part/.test(event.text!)) told.push(event.text!);
    };
    await prepare({ model: training.model, threads: 1, task: space.films, method: 'lora', ...settings }, { onEvent });
    return told;
  };
  const [own, ...others] = await warnings({});
  assert.match(own!, eight);
  assert.deepEqual(others, []);
  const [cut] = await warnings({ 'max-validation': 1 });
  assert.match(cut!, /^the validation part has 1 row, .*; give --max-validation 30 or more$/);
});

test('a job says how many rows of a part it leaves out', async () => {
  const told: string[] = [];
  const onEvent = (event: { type: string; text?: string }) => {
    if (event.type === 'message') told.push(event.text!);
  };
  const settings = { model: training.model, threads: 1, task: space.films, method: 'lora', 'max-test': 3 };
  await prepare(settings, { onEvent });
  assert.match(told[0]!, /: \d+ training, 8 validation and 3 of \d+ test examples \(/);
});

test('many runs say it once, before the first of them, and where nothing is run', async () => {
  const out = space.out('few');
  const works = [
    comparisonWork({ ...given, methods: ['lora', 'random'] }, { out }),
    comparisonWork({ ...given, 'score-within': '5%' }, { out }),
    spreadWork({ ...given, structures: 3 }, { out }),
  ];
  for (const work of works) {
    const told: string[] = [];
    await rehearsePlan(work, { out }, text => told.push(text));
    assert.equal(told.filter(text => eight.test(text)).length, 1, told.join('\n'));
  }
  const events: ExperimentEvent[] = [];
  await runToEnd(compare({ ...given, methods: ['lora'] }, { out }), event => events.push(event));
  const first = events.findIndex(event => event.type === 'run-begins');
  const place = events.findIndex(event => event.type === 'warning' && eight.test(event.text));
  assert.ok(place >= 0 && place < first);
});
