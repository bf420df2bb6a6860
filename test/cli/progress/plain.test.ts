import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createProgress } from '../../../src/cli/progress/progress.ts';
import type { JobEvent } from '../../../src/jobs/job-events.ts';
import { candidates, evaluation, fakeMeters, step } from './events.ts';

function open() {
  const written: { at: number; text: string }[] = [];
  const meters = fakeMeters();
  const write = (text: string) => void written.push({ at: meters.now(), text });
  const progress = createProgress({ isTTY: false, colour: false, columns: 10, rows: 2, write }, meters);
  return { progress, meters, written, texts: () => written.map(({ text }) => text) };
}

test('steps come every five seconds, in whole lines of any width', () => {
  const { progress, meters, texts } = open();
  progress.show(candidates);
  for (let number = 1; number <= 50; number++) {
    progress.show(step(number));
    meters.pass(500);
  }
  assert.equal(texts().length, 5);
  for (const line of texts()) {
    assert.match(
      line,
      /^search \d+\/100 {2}loss 0\.5000 {2}would keep 2(, 2 unchanged since step \d+)? {2}2,000 tokens\/s {2}412 MB {2}.* left\n$/,
    );
  }
});

test('the time left is that of the steps left', () => {
  const { progress, texts } = open();
  progress.show(step(40));
  assert.match(texts()[0]!, /6\.0 s left/);
});

test('what comes within a second waits for the next, in lines of its own, and nothing but steps is left out', () => {
  const { progress, meters, texts } = open();
  progress.show({ type: 'message', text: 'loaded' });
  progress.show({ type: 'stage', stage: 'search' });
  progress.show({ type: 'warning', text: 'careful' });
  progress.show(evaluation(2, 1, 2));
  progress.show({ ...evaluation(4, 1, 1), validationLoss: 0.5 } as JobEvent);
  assert.deepEqual(texts(), ['loaded\n']);
  meters.pass(1000);
  progress.tick();
  progress.tick();
  progress.show({ type: 'message', text: 'the last' });
  progress.finish();
  progress.finish();
  assert.deepEqual(texts().slice(1), [
    'search begins\nwarning: careful\nsearch 2/100  validation 1.00  best 2.00\n' +
      'search 4/100  validation 1.00  best by loss 1.00\n',
    'the last\n',
  ]);
});

test('whatever happens, nothing is written twice within a second before the end', () => {
  const event: fc.Arbitrary<JobEvent> = fc.oneof(
    fc.nat(100).map(number => step(number)),
    fc.nat(100).map(number => evaluation(number, 50, 60)),
    fc.constantFrom<JobEvent>({ type: 'message', text: 'hello' }, { type: 'stage', stage: 'search' }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat(1500))), events => {
      const { progress, meters, written } = open();
      for (const [each, time] of events) {
        progress.show(each);
        meters.pass(time);
        progress.tick();
      }
      for (const [i, { at }] of written.entries()) assert.ok(i === 0 || at - written[i - 1]!.at >= 1000);
      progress.finish();
      const said = written.map(({ text }) => text).join('');
      const told = events.filter(([each]) => each.type === 'message' || each.type === 'stage').length;
      assert.equal(said.match(/hello|begins/g)?.length ?? 0, told);
      // The line of a step repeats the last score, so that there may be more of these.
      const scored = events.filter(([each]) => each.type === 'evaluation').length;
      assert.ok((said.match(/validation 50/g)?.length ?? 0) >= scored);
    }),
  );
});
