import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReportContent, reportHtml } from '../../src/report/run-report.ts';
import type { MetricsLine } from '../../src/runs/metrics-log.ts';

const evil = '</script><script>alert("1")</script>';
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

const content: ReportContent = {
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
  modules: [
    {
      site: evil,
      kind: 'LoRA',
      position: evil,
      layer: 'E.0',
      place: { stack: 'encoder' as const, layer: 0 },
      parameters: 8,
      p: 0.5,
      kept: true,
    },
  ],
  metrics: [metric, { ...metric, step: 20, loss: 0.3, score: 60 }, { ...metric, stage: 'retrain', loss: 0.2 }],
  config: `task: ${evil}\n`,
};
const html = reportHtml(content);

test('every text from outside is escaped, wherever it is shown', () => {
  assert.doesNotMatch(html, /<script>\s*alert/);
  // The data and the code, each of which ends where it should.
  assert.equal(html.split('<script').length - 1, 2);
  assert.equal(html.split('</script').length - 1, 2);
  assert.ok(html.split('&lt;script&gt;').length > 5);
});

test('short trainings that had the last word stand in it, the one that was found first', () => {
  const finalists = [
    { name: evil, steps: 8, loss: 0.25, found: true },
    { name: "the search's own answer", steps: 4, loss: null, found: false },
  ];
  const shown = reportHtml({ ...content, finalists });
  const rows = /Table: structure, steps of training.*?<tbody>(.*?)<\/tbody>/s.exec(shown)![1]!;
  assert.deepEqual(
    rows
      .split('<tr>')
      .slice(1)
      .map(row =>
        row
          .replaceAll(/<[^>]+>/g, ' ')
          .trim()
          .split(/\s{2,}/)
          .slice(1),
      ),
    [
      ['8', '0.2500', 'yes'],
      ['4', 'diverged'],
    ],
  );
  assert.doesNotMatch(shown, /<script>\s*alert/);
  assert.doesNotMatch(html, /Short trainings/);
});

test('the page needs nothing but itself', () => {
  assert.doesNotMatch(html, /(src|href)=/);
  assert.doesNotMatch(html.replaceAll('http://www.w3.org/2000/svg', ''), /https?:/);
});

test('it shows scores, structure, resources, a loss and a score curve of each stage, and the configuration', () => {
  for (const title of ['Scores', 'Structure', 'Time and memory', 'Search: loss', 'Configuration']) {
    assert.ok(html.includes(`<h2>${title}</h2>`), title);
  }
  assert.equal(html.split('<svg').length - 1, 1 + 2 * 2);
  // The code that it carries may say undefined, its content may not.
  assert.doesNotMatch(html.replaceAll(/<script>[\s\S]*?<\/script>/g, ''), /NaN|undefined/);
});

/** What the report's slider goes over. */
function momentsIn(page: string): { step: number }[] {
  const [, json] = /<script type="application\/json" id="exploration">(.*?)<\/script>/s.exec(page)!;
  return (JSON.parse(json!) as { moments: { step: number }[] }).moments;
}

test('a long search is shown by sixty of its moments, the first and the last among them', () => {
  const moments = Array.from({ length: 500 }, (_, index) => ({ step: index + 1, p: [0.5], kept: [0] }));
  const shown = momentsIn(reportHtml({ ...content, moments })).map(({ step }) => step);
  assert.deepEqual([shown.length, new Set(shown).size, shown[0], shown.at(-1)], [60, 60, 1, 500]);
  assert.equal(momentsIn(reportHtml({ ...content, moments: moments.slice(0, 7) })).length, 7);
  assert.equal(momentsIn(html).length, 0);
});
