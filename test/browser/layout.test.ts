import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { runLink } from '../../src/page/address.ts';
import { type RunServer, serveRuns } from '../../src/serve/server.ts';
import { runsRoot, writeRun } from '../serve/synthetic-runs.ts';
import { overflow } from './accessibility.ts';
import { launch, openPage, skip } from './chromium.ts';

const root = runsRoot();
const layers = [4, 12, 24];
for (const each of layers) {
  writeRun(root, `found-${each}`, { seed: 1, layers: each });
  writeRun(root, `by-hand-${each}`, { seed: 2, layers: each, byHand: true, method: 'lora' });
}

describe('the heat map', { skip }, () => {
  let browser: Browser;
  let server: RunServer;
  before(async () => {
    browser = await launch();
    server = await serveRuns({ folder: root });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  for (const width of [400, 1000, 1440]) {
    test(`at ${width} pixels its numbers stand beside it or below it, and nothing is cut off`, async () => {
      const { page } = await openPage(browser, { viewport: { width, height: 900 } });
      for (const each of layers) {
        for (const name of [`found-${each}`, `by-hand-${each}`]) {
          await page.goto(`${server.url}${runLink(name)}`);
          await page.locator('h1', { hasText: name }).waitFor();
          await page.locator('.heat-map').waitFor();
          const box = async (selector: string) => (await page.locator(selector).first().boundingBox())!;
          const [panel, map, beside] = [await box('.heat-map'), await box('.map'), await box('.beside')];
          const isBeside = beside.x >= map.x + map.width && beside.y <= map.y + 1;
          const isBelow = beside.y >= map.y + map.height && beside.x <= map.x + 1;
          const where = `${name} ${JSON.stringify([map, beside])}`;
          assert.ok(isBeside !== isBelow, where);
          assert.ok(beside.x + beside.width <= panel.x + panel.width + 1, where);
          assert.ok(beside.width >= Math.min(280, panel.width - 1), where);
          const hidden = await page.locator('.map').evaluate(element => element.scrollWidth - element.clientWidth);
          // Only where the window itself is too narrow for the cells does the map scroll, in its own frame.
          const mayScroll = width === 400 || (width === 1000 && each === 24);
          assert.ok(mayScroll || hidden <= 0, `${where}: ${hidden} pixels hidden`);
          assert.ok((await overflow(page)) <= 0, where);
        }
      }
    });
  }

  test('its slider is as wide at every moment', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${server.url}${runLink('found-4')}`);
    const slider = page.locator('.moment');
    await slider.waitFor();
    const widths = new Set<number>();
    for (const key of ['Home', ...new Array<string>(10).fill('ArrowRight')]) {
      await slider.press(key);
      widths.add((await slider.boundingBox())!.width);
    }
    assert.equal(widths.size, 1);
  });

  test('no script fails when a run is left while its curves are drawn', async () => {
    const { page, problems } = await openPage(browser);
    await page.goto(`${server.url}${runLink('found-4')}`);
    await page.locator('.plot canvas').first().waitFor();
    await page.evaluate(async link => {
      for (const height of [500, 900]) {
        // The observer is told of the new width in the same frame in which the run is left.
        document.querySelector<HTMLElement>('main')!.style.width = `${height}px`;
        location.hash = height === 500 ? '#/' : link;
        await new Promise(resolve => setTimeout(resolve, 300));
        location.hash = '#/';
        await new Promise(resolve => setTimeout(resolve, 300));
      }
    }, runLink('found-4'));
    assert.deepEqual(problems, []);
  });
});
