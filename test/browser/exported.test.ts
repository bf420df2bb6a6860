import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import {
  allKinds,
  assertClose,
  exported,
  greedyAnswers,
  hundredTexts,
  loadTiny,
  MOST,
  said,
  stars,
  trained,
} from '../export/support.ts';
import { launch, skip } from './chromium.ts';
import { openTransformers } from './transformers-page.ts';

/** Of a text, in tokens: transformers.js cuts off the closing token, too, of a longer one. */
const LONGEST = 64;

describe('what was exported, in transformers.js in a browser', { skip }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
  });

  test('a T5 writes token for token what we write: texts alone, and batches of unequal lengths', async () => {
    const model = await loadTiny('tiny-t5-v1_1');
    const tuned = trained(model, allKinds(model));
    const folder = await exported(model, tuned, {}, ['fp32', 'q8']);
    const expected = await greedyAnswers(model, tuned, hundredTexts, MOST);
    const alone = hundredTexts.map(text => [text]);
    const together = [hundredTexts.slice(0, 10), hundredTexts.slice(10, 45), hundredTexts.slice(45)];
    const web = await openTransformers(browser, folder, 'text2text-generation');
    const answers = (await web.generate([...alone, ...together], MOST)).flat().map(ids => said(model, ids));
    await web.close();
    assert.deepEqual(answers.slice(0, 100), expected);
    assert.deepEqual(answers.slice(100), expected);
    assert.ok(new Set(expected.map(String)).size > 50);
    // What a browser takes where it is told no dtype.
    const small = await openTransformers(browser, folder, 'text2text-generation', null);
    assert.equal((await small.generate([hundredTexts.slice(0, 3)], 4)).flat().length, 3);
    await small.close();
  });

  for (const name of ['tiny-bert', 'tiny-modernbert']) {
    test(`${name}: classes and scores are ours`, async () => {
      const model = await (await loadTiny(name)).forTask(stars);
      const modules = allKinds(model);
      const tuned = trained(model, modules);
      const folder = await exported(model, tuned, stars, ['fp32']);
      const codec = model.codec(stars, { maxLength: LONGEST });
      const texts = hundredTexts.map(text => text.slice(0, 64));
      const program = await model.compile(modules);
      const inputs = texts.map(text => codec.read([{ text }]).input);
      const scores = await program.choose(inputs, codec.choice!.outputs, tuned.delta);
      await program.release();
      assert.ok(inputs.every(({ ids }) => ids.length < LONGEST));
      const web = await openTransformers(browser, folder, 'text-classification');
      const answers = await web.classify(texts);
      await web.close();
      for (const [i, given] of answers.entries()) {
        const byLabel = new Map(given.map(({ label, score }) => [label, score]));
        const expected = scores[i]!.map(Math.exp);
        assertClose(
          stars.labels.map(label => byLabel.get(label)!),
          expected,
          1e-4,
        );
        assert.equal(given[0]!.label, stars.labels[expected.indexOf(Math.max(...expected))]);
      }
    });
  }
});
