import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { createProgress } from '../../../src/cli/progress/progress.ts';
import type { JobEvent } from '../../../src/jobs/job-events.ts';
import { recordHistory } from '../../../src/jobs/search-stage.ts';
import { settledText } from '../../../src/page/run-progress.ts';
import { beginHistory, keptAt, readHistory } from '../../../src/runs/search-history.ts';
import { listSpace } from '../../../src/structure/spaces.ts';
import { tiny } from '../../library/films.ts';
import { candidates, evaluation, fakeMeters, step } from './events.ts';
import { fakeTerminal } from './fake-terminal.ts';

function open(columns = 80, rows = 24) {
  const terminal = fakeTerminal(columns, rows);
  const meters = fakeMeters();
  return { terminal, meters, progress: createProgress(terminal, meters) };
}

/** A search of ten steps with one validation. */
function searchOf10({ meters, progress }: ReturnType<typeof open>): void {
  progress.show({ type: 'message', text: 'rte on mini: 10 examples' });
  progress.show(candidates);
  progress.show({ type: 'stage', stage: 'search' });
  for (let number = 1; number <= 10; number++) {
    meters.pass(100);
    progress.show(step(number));
    if (number === 5) progress.show(evaluation(5, 71.094, 71.094));
  }
}

test('the block says where the stage stands, under the lines that last', () => {
  const opened = open();
  searchOf10(opened);
  assert.deepEqual(opened.terminal.lines(), [
    'rte on mini: 10 examples',
    `search 10/100  ${'━'.repeat(4)}${'─'.repeat(36)}  10 %`,
    'loss 0.5000  validation 71.09  best 71.09 at step 5',
    'would keep 2, 2 unchanged since step 5  using 500 of 500 parameters',
    '2,000 tokens/s  memory 412 MB  after 1.0 s  9.0 s left',
  ]);
  assert.equal(opened.terminal.cursorVisible(), false);
});

test('what a search would keep is said while it chooses, not in its last word and not in what comes after', () => {
  const opened = open();
  const choice = () => opened.terminal.lines().filter(line => line.startsWith('would keep'));
  const show = (event: JobEvent) => {
    opened.meters.pass(200);
    opened.progress.show(event);
  };
  searchOf10(opened);
  assert.equal(choice().length, 1);
  // Short trainings of finalists are steps of the search that think nothing of its candidates.
  show({ ...step(11, 'retrain'), stage: 'search' } as JobEvent);
  assert.deepEqual(choice(), []);
  for (const stage of ['retrain', 'random'] as const) {
    show({ type: 'stage', stage });
    show({ ...step(1, 'retrain'), stage } as JobEvent);
    assert.deepEqual(choice(), [], stage);
  }
});

test('at the end of a stage one line stays, and the cursor is back', () => {
  const opened = open();
  searchOf10(opened);
  opened.progress.show({ type: 'stage', stage: 'retrain' });
  opened.progress.show(step(1, 'retrain'));
  opened.progress.finish();
  opened.progress.finish();
  opened.progress.tick();
  assert.deepEqual(opened.terminal.lines(), [
    'rte on mini: 10 examples',
    'search 10/100  loss 0.5000  validation 71.09  best 71.09 at step 5  in 1.0 s',
    'training 1/100  loss 0.5000  in 0.0 s',
    '',
  ]);
  assert.ok(opened.terminal.cursorVisible());
});

test('interrupted before its first step, a stage leaves nothing but the cursor', () => {
  const { terminal, progress } = open();
  progress.show({ type: 'stage', stage: 'search' });
  assert.match(terminal.lines()[0]!, /^search begins/);
  progress.finish();
  assert.deepEqual(terminal.lines(), ['']);
  assert.ok(terminal.cursorVisible());
});

test('it is repainted at most ten times a second by events, and by passing time without them', () => {
  const opened = open();
  const { terminal, meters, progress } = opened;
  let paintings = 0;
  const { write } = terminal;
  terminal.write = text => {
    paintings += 1;
    write(text);
  };
  progress.show({ type: 'stage', stage: 'search' });
  for (let number = 1; number <= 100; number++) {
    meters.pass(20);
    progress.show(step(number));
  }
  assert.ok(paintings <= 21, `${paintings} paintings in two seconds`);
  meters.pass(60_000);
  progress.tick();
  assert.ok(terminal.lines().at(-1)!.includes('after 62 s'));
});

test('the time left counts validations in, shared out over the steps', () => {
  const { terminal, meters, progress } = open();
  progress.show({ type: 'stage', stage: 'search' });
  for (let number = 1; number <= 50; number++) {
    meters.pass(100);
    progress.show(step(number));
    if (number % 10 === 0) {
      meters.pass(1000);
      progress.show(evaluation(number, 50, 50));
    }
  }
  meters.pass(100);
  progress.show(step(51));
  // 49 steps of 0.1 s, and 5 s of validations over 51 steps.
  assert.match(terminal.lines().at(-1)!, /9\.7 s left$/);
});

test('the parts of a job stand above it, and the time of all of them beside that of the stage', () => {
  const opened = open();
  const stages = [
    { stage: 'search', evaluations: 400 },
    { stage: 'retrain', evaluations: 100 },
    { stage: 'test', evaluations: 0 },
  ] as const;
  opened.progress.show({ type: 'stages', stages });
  searchOf10(opened);
  for (let number = 11; number <= 31; number++) {
    opened.meters.pass(100);
    opened.progress.show(step(number));
  }
  const lines = opened.terminal.lines();
  assert.equal(lines[1], 'search 1/3 ▸ training ▸ test');
  assert.ok(lines.includes('would keep 2, 2 unchanged since step 16  using 500 of 500 parameters'), lines.join('\n'));
  // 69 steps of 0.1 s, and a traininging of a quarter of the search's evaluations: 2.5 s.
  assert.match(lines.join('\n'), /6\.9 s left, of the job ~9\.4 s/);
  opened.progress.show({ type: 'stage', stage: 'retrain' });
  assert.ok(opened.terminal.lines().includes('search ✓ ▸ training 2/3 ▸ test'));
  opened.progress.show({ type: 'stage', stage: 'test' });
  assert.ok(opened.terminal.lines().includes('search ✓ ▸ training ✓ ▸ test 3/3'));
});

test('colours are drawn only where they are wanted, and take no room', () => {
  const plain = open();
  searchOf10(plain);
  assert.equal(plain.terminal.colours(), 0);
  const coloured = open();
  coloured.terminal.colour = true;
  const again = { ...coloured, progress: createProgress(coloured.terminal, coloured.meters) };
  searchOf10(again);
  assert.ok(coloured.terminal.colours() > 0);
  assert.deepEqual(coloured.terminal.lines(), plain.terminal.lines());
});

test('in a window of any size no line breaks and only one block stands, also when the window is made narrower', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 130 }),
      fc.integer({ min: 2, max: 30 }),
      fc.integer({ min: 1, max: 130 }),
      (columns, rows, narrower) => {
        const opened = open(columns, rows);
        const { terminal, meters, progress } = opened;
        progress.show(candidates);
        progress.show({ type: 'stage', stage: 'search' });
        for (let number = 1; number <= 6; number++) {
          meters.pass(150);
          progress.show(number % 3 === 0 ? evaluation(number, 50, 60) : step(number));
          // A block that has scrolled out of a low window cannot be reached any more.
          if (number === 4 && narrower < columns && rows > 12 && narrower > 40) terminal.resize(narrower);
        }
        assert.equal(terminal.wraps(), 0);
        assert.ok(terminal.lines().every(line => line.length < Math.max(2, terminal.columns)));
        assert.equal(terminal.lines().filter(line => line.startsWith('s')).length, 1, terminal.lines().join('\n'));
        progress.finish();
        assert.ok(terminal.cursorVisible());
      },
    ),
  );
});

test('the page says the same of how settled a search is, by the history that the run has written', async () => {
  const space = { candidates: listSpace(tiny.sites, 'mixed'), budget: 500, keepInert: false };
  const file = join(mkdtempSync(join(tmpdir(), 's3delta-settled-')), 'search-history.jsonl');
  await beginHistory(file, space);
  const record = recordHistory(file);
  const { terminal, meters, progress } = open();
  const of = <K extends 'parameters' | 'inert'>(key: K) => space.candidates.map(each => each[key]);
  const { budget, keepInert } = space;
  progress.show({ type: 'candidates', parameters: of('parameters'), inert: of('inert'), budget, keepInert });
  progress.show({ type: 'stage', stage: 'search' });
  const steps = 230;
  for (let number = 1; number <= 187; number++) {
    // What is best wanders, so that what has stayed is not all of it.
    const probabilities = Float64Array.from(space.candidates, (_, i) => 0.5 + 0.4 * Math.sin(i + number / 250));
    const said = { ...step(number), steps, probabilities, evaluates: number % 50 === 25 };
    meters.pass(200);
    for (const tell of [record, progress.show]) tell(said as Parameters<typeof record>[0]);
  }
  const history = readHistory(file)!;
  const moments = history.lines.map(line => {
    const kept = keptAt(history, line).flatMap((is, i) => (is ? [i] : []));
    return { step: line.step, p: [], kept };
  });
  const numbers = (text: string) => text.match(/\d+/g)!.slice(0, 3);
  const shown = terminal.lines().find(line => line.startsWith('would keep'))!;
  assert.deepEqual(numbers(shown), numbers(settledText(moments)));
  const [kept, stayed] = numbers(shown).map(Number) as [number, number];
  assert.ok(stayed > 0 && stayed < kept, shown);
});
