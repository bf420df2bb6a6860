// Makes the pictures in docs/ of the page and of a report, in Debian's Chromium:
//
//   node tools/screenshots.ts runs runs/spam
//
// The first argument is a folder of runs, the second the run to show, which has been searched (its slider is moved).
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { readRun, serveRuns, writeReport } from '../src/index.ts';

const [runs, shown] = process.argv.slice(2);
if (runs === undefined || shown === undefined) throw new Error('usage: node tools/screenshots.ts RUNS RUN');

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const id = relative(resolve(runs), resolve(shown)).replaceAll('\\', '/');
const { folder } = await readRun(shown);
await writeReport(await readRun(shown));
const server = await serveRuns({ folder: runs });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});

/** Opens an address, waits for its heat map, readies it, and saves what the window shows. */
async function shoot(
  name: string,
  url: string,
  options: BrowserContextOptions,
  ready: (page: Page) => Promise<unknown>,
) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 1500 }, ...options });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('.heat-map').first().waitFor();
  await ready(page);
  await page.screenshot({ path: join(docs, `${name}.png`) });
  await context.close();
}

/** Reads the module most wanted, at a share of the search. */
async function explore(page: Page, share: number) {
  await page.locator('.moment').evaluate((slider: HTMLInputElement, share) => {
    slider.valueAsNumber = Math.round(Number(slider.max) * share);
    slider.dispatchEvent(new Event('input'));
  }, share);
  await page.locator('.cells .level-32').first().hover();
  await page.evaluate(() => document.querySelector('h1')!.scrollIntoView({ block: 'center' }));
}

const run = `${server.url}#/run/${encodeURIComponent(id)}`;
await shoot('page', run, {}, page => explore(page, 0.8));
await shoot('page-dark', run, { colorScheme: 'dark' }, page => explore(page, 1));
await shoot('page-narrow', run, { viewport: { width: 400, height: 820 } }, page =>
  page.locator('.heat-map').evaluate(map => map.scrollIntoView()),
);
await shoot('report', pathToFileURL(resolve(folder.report)).href, {}, page => explore(page, 1));
await browser.close();
await server.close();
