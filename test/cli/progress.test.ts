import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobEvent } from '../../src/api/job-events.ts';
import { createProgress } from '../../src/cli/progress.ts';

const eraseLine = '\r\u001b[2K';

function screen(isTTY: boolean, columns = 200) {
  const written: string[] = [];
  let milliseconds = 0;
  const progress = createProgress({ isTTY, columns, write: text => written.push(text) }, () => milliseconds);
  return {
    progress,
    written,
    pass: (time: number) => {
      milliseconds += time;
    },
  };
}

function step(number: number): JobEvent {
  return { type: 'step', stage: 'search', step: number, steps: 100, loss: 0.5, tokens: 200, seconds: 0.1 };
}

test('off a terminal, steps come at most once in five seconds, in whole lines', () => {
  const { progress, written, pass } = screen(false);
  for (let number = 1; number <= 50; number++) {
    progress.show(step(number));
    pass(500);
  }
  assert.equal(written.length, 5);
  for (const line of written) assert.match(line, /^search \d+\/100 .* loss 0\.5000 .* 2000 tokens\/s .* left\n$/);
});

test('the time left is that of the steps left', () => {
  const { progress, written } = screen(false);
  progress.show(step(40));
  assert.match(written[0]!, /6\.0 s left/);
});

test('on a terminal one line is repainted, within its width, and gives way to lasting ones', () => {
  const { progress, written, pass } = screen(true, 20);
  progress.show(step(1));
  pass(200);
  progress.show({ type: 'evaluation', stage: 'search', step: 1, steps: 100, score: 50, best: 60 });
  progress.finish();
  assert.equal(written[0]!.length, eraseLine.length + 19);
  assert.ok(written[0]!.startsWith(eraseLine));
  assert.equal(written[1], eraseLine);
  assert.equal(written[2], 'search 1/100  validation 50.00  best 60.00\n');
  assert.equal(written.length, 3);
});

test('validations, stages, messages and warnings are never left out', () => {
  const { progress, written } = screen(false);
  progress.show({ type: 'stage', stage: 'retrain' });
  progress.show({ type: 'message', text: 'loaded' });
  progress.show({ type: 'warning', text: 'careful' });
  progress.show({ type: 'evaluation', stage: 'retrain', step: 2, steps: 3, score: 1, best: 2 });
  assert.deepEqual(written, [
    're-train begins\n',
    'loaded\n',
    'warning: careful\n',
    're-train 2/3  validation 1.00  best 2.00\n',
  ]);
});
