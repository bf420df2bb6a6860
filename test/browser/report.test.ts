import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { readRun, writeReport } from '../../src/jobs/report-job.ts';
import { labels, runsRoot, writeRun } from '../serve/synthetic-runs.ts';
import { overflow, seriousProblems } from './accessibility.ts';
import { launch, openPage, skip } from './chromium.ts';

describe('a report, opened as a file', { skip }, () => {
  let browser: Browser;
  let url: string;
  before(async () => {
    browser = await launch();
    const run = writeRun(runsRoot(), 'run', { task: '</script><script>alert(1)</script>' });
    await writeReport(await readRun(run.path));
    url = pathToFileURL(run.report).href;
  });
  after(() => browser?.close());

  async function open(options: Parameters<typeof openPage>[1] = {}) {
    const opened = await openPage(browser, { ...options, offline: true });
    await opened.page.goto(url);
    return opened;
  }

  test('its heat map is explored by pointer, keys and slider, as on the page', async () => {
    const { page, problems } = await open();
    await page.locator('.cells rect').first().hover();
    assert.equal(
      await page.locator('.detail strong').innerText(),
      labels.find(label => label.endsWith(', E.0')),
    );
    await page.locator('.map').focus();
    await page.keyboard.press('ArrowRight');
    assert.match(await page.locator('.detail strong').innerText(), /, E\.1$/);
    await page.locator('.moment').focus();
    await page.keyboard.press('Home');
    assert.match(await page.locator('.moment-name').innerText(), /^step 10 of 100/);
    const kept = await page.locator('[data-name="Kept modules"] td:nth-child(2)').allInnerTexts();
    assert.equal(kept.join(' ').split(' ').length, await page.locator('.outlines rect').count());
    assert.deepEqual(problems, []);
  });

  test('of a search without probabilities the ranks by worth are told, at its end and on its way', async () => {
    const run = writeRun(runsRoot(), 'ranked', { worthOnly: true });
    await writeReport(await readRun(run.path));
    const { page, problems } = await openPage(browser, { offline: true });
    await page.goto(pathToFileURL(run.report).href);
    await page.locator('.cells rect').first().hover();
    const told = () => page.locator('.detail').innerText();
    assert.match(await told(), /rank of worth\s+[01]\.\d{4}\s[\s\S]*worth\s+-?\d[\s\S]*kept\s+(yes|no)/);
    assert.doesNotMatch(await told(), /\bp\b/);
    const colours = () =>
      page.locator('.cells rect').evaluateAll(cells => cells.map(cell => cell.getAttribute('fill')));
    const found = await colours();
    await page.locator('.moment').focus();
    await page.keyboard.press('Home');
    const first = await colours();
    assert.notDeepEqual(first, found);
    assert.ok(new Set(first).size > 5, 'more than kept or not');
    assert.match((await page.locator('.cells title').first().textContent())!, /: rank of worth [01]\.\d{4}, worth –,/);
    assert.equal(await page.locator('.maximum').textContent(), '1.0');
    assert.deepEqual(problems, []);
  });

  test('its pictures and tables are saved', async () => {
    const { page } = await open();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByLabel('Save Scores as CSV').click(),
    ]);
    assert.match(download.suggestedFilename(), /scores\.csv$/);
  });

  test('without scripts it still shows everything but the slider', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    assert.equal(await page.locator('.cells rect title').count(), labels.length);
    assert.equal(await page.locator('.moments').isVisible(), false);
    assert.ok((await page.locator('[data-name="Kept modules"] tbody tr').count()) > 0);
  });

  test('axe finds nothing serious, light, dark and narrow, and nothing is cut off at 400 pixels', async () => {
    for (const options of [{}, { colorScheme: 'dark' }, { viewport: { width: 400, height: 800 } }] as const) {
      const { page } = await open(options);
      assert.deepEqual(await seriousProblems(page), [], JSON.stringify(options));
      assert.ok((await overflow(page)) <= 0, JSON.stringify(options));
    }
  });
});
