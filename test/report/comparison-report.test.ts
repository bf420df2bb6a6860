import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { InputError } from '../../src/core/errors.ts';
import { holdsComparison, readComparison, writeComparisonReport } from '../../src/jobs/report-job.ts';
import { comparisonHtml, differenceInWords } from '../../src/report/comparison-report.ts';
import { comparedRuns, comparisonFileOf } from './compared-runs.ts';

const evil = '<script>alert(1)</script>';
const eight = comparedRuns({
  random: [58, 59, 60, 61, 57, 58, 59, 60],
  found: [60, 64, 62, 63, 61, 62, 63, 64],
  lora: [62, 61, 63, 62, 64, 60, 66, 61],
});
const html = comparisonHtml({ model: evil, rows: eight, failed: [{ run: 'rte/lora/seed-9', message: evil }] });
const cells = (page: string) =>
  [...page.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
    [...row!.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell!.replaceAll(/<svg.*?<\/svg>|<[^>]*>/g, '')),
  );

test('the best comes first, the commonest label last, with what the test says in words', () => {
  const rows = cells(html).filter(row => row.length > 0);
  assert.deepEqual(
    rows.map(([name]) => name),
    ['found at 1% (best)', 'lora at 1%', 'random at 1%', 'always the commonest label'],
  );
  assert.deepEqual(rows[2]!.slice(1), [
    '59.00 ± 1.31',
    '',
    'found is better (p\u00a0=\u00a00.0078)',
    '+3.38 (+2.38 to +4.37)',
    '8',
    '100',
  ]);
  assert.match(rows[1]![3]!, /^no difference shown \(p\u00a0=\u00a0/);
});

test('the verdict on a search stands before its table', () => {
  const verdict = {
    ...{ task: 'rte', budget: '1%', lines: [{ about: 'against random', says: `better ${evil}` }] },
    next: { command: 's3delta predict', why: 'use it' },
  };
  const page = comparisonHtml({
    ...{ model: 'mini', rows: eight, failed: [] },
    verdicts: [verdict, { ...verdict, task: 'cola' }],
  });
  assert.match(
    page,
    /Verdict on rte at 1%[\s\S]*<dd>better &lt;script&gt;[\s\S]*s3delta<\/span> <span>predict[\s\S]*found at 1% \(best\)/,
  );
  assert.doesNotMatch(page, /Verdict on cola/);
});

test('where no number of seeds so small can show a difference, that is said', () => {
  const three = comparedRuns({ found: [60, 64, 62], random: [50, 51, 52] });
  assert.equal(differenceInWords(three[1]!), 'too few seeds to tell (p\u00a0=\u00a00.25)');
  assert.equal(differenceInWords(three[0]!), '');
});

test('each row has its mean, its whisker and a dot a seed on one scale, with the commonest label as a line', () => {
  const plots = [...html.matchAll(/<svg[^>]*class="row-plot".*?<\/svg>/g)].map(([svg]) => svg);
  assert.deepEqual(
    plots.map(svg => [svg.split('class="seed"').length - 1, svg.split('class="series-0"').length - 1]),
    [
      [8, 2],
      [8, 2],
      [8, 2],
      [0, 0],
    ],
  );
  const lines = plots.map(svg => /class="baseline"[^>]*>|x1="([\d.]+)"[^>]*class="baseline"/.exec(svg)![1]);
  assert.equal(new Set(lines).size, 1);
});

test('it is one file: nothing is fetched, every text from outside is escaped', () => {
  assert.doesNotMatch(html, /<script>alert/);
  assert.doesNotMatch(html, /(src|href)=/);
  assert.doesNotMatch(html.replaceAll('http://www.w3.org/2000/svg', ''), /https?:/);
  assert.doesNotMatch(html.replaceAll(/<script>[\s\S]*?<\/script>/g, ''), /NaN|undefined|Infinity/);
});

test('a folder’s comparison is read from its own file; one that is none is refused with a remedy', async () => {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-comparison-'));
  assert.equal(holdsComparison(folder), false);
  writeFileSync(join(folder, 'compare.json'), comparisonFileOf('mini', eight));
  assert.equal(holdsComparison(folder), true);
  assert.deepEqual((await readComparison(folder)).rows, eight);
  const page = readFileSync((await writeComparisonReport(folder)).report, 'utf8');
  assert.match(page, /<title>Comparison on mini: rte<\/title>/);
  writeFileSync(join(folder, 'compare.json'), '{"model": "mini", "rows": [{}]}');
  await assert.rejects(
    readComparison(folder),
    (error: InputError) => /rows\.0/.test(error.what) && error.remedy !== '',
  );
});
