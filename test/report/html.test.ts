import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportHtml } from '../../src/report/html.ts';
import type { MetricsLine } from '../../src/runs/metrics-log.ts';

const evil = '<script>alert("1")</script>';
const metric: MetricsLine = {
  stage: 'search',
  step: 10,
  steps: 20,
  loss: null,
  learningRate: 1e-3,
  score: 50,
  best: 50,
  seconds: 3,
};

const html = reportHtml({
  result: {
    task: evil,
    model: evil,
    seed: 0,
    budget: { parameters: 10, fraction: 1e-4 },
    structure: { modules: 1, parameters: 8 },
    score: { metric: evil, validation: 1, test: 2, majority: 3 },
    resources: { retrain: { seconds: 1, peakBytes: 1e9, evaluations: 10 } },
  },
  moments: [],
  modules: [{ site: evil, kind: 'LoRA', position: evil, column: 'E.0', parameters: 8, p: 0.5, kept: true }],
  metrics: [metric, { ...metric, step: 20, loss: 0.3, score: 60 }, { ...metric, stage: 'retrain', loss: 0.2 }],
  config: `task: ${evil}\n`,
});

test('every text from outside is escaped, wherever it is shown', () => {
  assert.ok(!html.includes('<script'));
  assert.ok(html.split('&lt;script&gt;').length > 5);
});

test('the page needs nothing but itself', () => {
  assert.doesNotMatch(html, /(src|href)=/);
  assert.doesNotMatch(html.replaceAll('http://www.w3.org/2000/svg', ''), /https?:/);
});

test('it shows scores, structure, resources, a loss and a score curve of each stage, and the configuration', () => {
  for (const title of ['Scores', 'Structure', 'Time and memory', 'Curves', 'Configuration']) {
    assert.ok(html.includes(`<h2>${title}</h2>`), title);
  }
  assert.equal(html.split('<svg').length - 1, 1 + 2 * 2);
  assert.doesNotMatch(html, /NaN|undefined/);
});
