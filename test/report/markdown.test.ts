import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportMarkdown } from '../../src/report/run-report.ts';
import { curvesPicture } from '../../src/report/sections.ts';
import type { MetricsLine } from '../../src/runs/metrics-log.ts';
import type { RunResult } from '../../src/runs/result.ts';

const result: RunResult = {
  ...{ task: 'my_task*', model: 'mini', seed: 1, budget: { parameters: 10, fraction: 1e-4 } },
  structure: { modules: 1, parameters: 8 },
  score: { metric: 'accuracy', validation: 60, test: 61, majority: 50 },
  resources: {},
};
const modules = [
  {
    site: 's',
    kind: 'LoRA',
    position: 'FFN.Wi',
    layer: 'E.0',
    place: { stack: 'encoder' as const, layer: 0 },
    parameters: 8,
    p: 0.5,
    kept: true,
  },
];

test('a Markdown report has scores, modules, costs and its pictures, and no text of its own making in names', () => {
  const pictures = { 'Heat map': 'runs/a b/heatmap.svg' };
  const text = reportMarkdown({ result, modules, pictures });
  assert.match(text, /^# my\\_task\\\* on mini, seed 1\n/);
  assert.match(text, /!\[Heat map\]\(<runs\/a b\/heatmap\.svg>\)/);
  assert.match(text, /\| this structure \| 61\.00 \| 60\.00 \|/);
  assert.match(text, /\| FFN\.Wi LoRA \| E\.0 \| 8 \|/);
  const { score: _, ...unscored } = result;
  assert.doesNotMatch(reportMarkdown({ result: unscored, modules, pictures }), /## Scores/);
});

test('all curves of a run stand in one picture, side by side', () => {
  const line: MetricsLine = {
    stage: 'search',
    step: 5,
    steps: 5,
    loss: 1,
    learningRate: 1,
    score: 5,
    best: 5,
    seconds: 1,
  };
  const svg = curvesPicture([line, { ...line, stage: 'retrain' }], 'curves');
  assert.equal(svg.split('<svg').length - 1, 1 + 4);
  assert.deepEqual(
    [...svg.matchAll(/translate\((\d+,\d+)\)/g)].map(([, place]) => place),
    ['0,0', '420,0', '0,200', '420,200'],
  );
  assert.match(curvesPicture([], 'none'), /^<svg /);
});
