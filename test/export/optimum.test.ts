import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  allKinds,
  assertClose,
  exported,
  greedyAnswers,
  hundredTexts,
  loadTiny,
  logitsOf,
  MOST,
  said,
  stars,
  trained,
} from './support.ts';

/** A Python that has optimum-onnx, which asks for an older transformers than PEFT's tests do. */
const python = process.env.S3DELTA_OPTIMUM;
const skip = python === undefined ? 'S3DELTA_OPTIMUM names no Python with optimum-onnx' : false;

/** Tokens of a text for a classifier: what is longer other programs cut in their own ways. */
const LONGEST = 64;
const short = hundredTexts.slice(0, 20).map(text => text.slice(0, LONGEST));
/** Texts alone, and batches of unequal lengths. */
const batches = [...hundredTexts.map(text => [text]), hundredTexts.slice(0, 40), hundredTexts.slice(40)];

function askPython(questions: readonly object[]): number[][][][] {
  const script = fileURLToPath(new URL('optimum_answers.py', import.meta.url));
  const input = JSON.stringify(questions);
  return JSON.parse(execFileSync(python!, [script], { input, encoding: 'utf8', stdio: 'pipe' }));
}

/** Folders of exports, with what we make of the same texts. */
async function writers(names: readonly string[]) {
  return Promise.all(
    names.map(async name => {
      const model = await loadTiny(name);
      const tuned = trained(model, allKinds(model));
      const folder = await exported(model, tuned);
      const expected = await greedyAnswers(model, tuned, hundredTexts, MOST);
      return { name, model, question: { folder, batches, maxTokens: MOST }, expected };
    }),
  );
}

async function classifiers(names: readonly string[]) {
  return Promise.all(
    names.map(async name => {
      const model = await (await loadTiny(name)).forTask(stars);
      const modules = allKinds(model);
      const tuned = trained(model, modules);
      const folder = await exported(model, tuned, stars);
      const codec = model.codec(stars, { maxLength: LONGEST });
      const examples = short.map(text => ({ input: codec.read([{ text }]).input, output: { class: 0 } }));
      const { data } = await logitsOf(model, modules, tuned.delta, examples);
      return { name, question: { folder, batches: [short] }, expected: data };
    }),
  );
}

describe('graphs in Optimum', { skip }, async () => {
  if (skip !== false) return;
  // The second has heads that are not as wide as the model's width over their number.
  const write = await writers(['tiny-t5', 'tiny-t5-v1_1']);
  const classify = await classifiers(['tiny-bert', 'tiny-roberta', 'tiny-distilbert', 'tiny-mpnet', 'tiny-modernbert']);
  // All at once: importing the libraries takes longer than any answer.
  const answers = askPython([...write, ...classify].map(({ question }) => question));

  for (const [i, { name, model, expected }] of write.entries()) {
    test(`${name} writes token for token what we write: texts alone, and batches of unequal lengths`, () => {
      const said100 = answers[i]!.flat().map(ids => said(model, ids));
      assert.deepEqual(said100, [...expected, ...expected]);
    });
  }
  for (const [i, { name, expected }] of classify.entries()) {
    test(`${name} gives the logits that we give`, () => {
      assertClose(answers[write.length + i]!.flat(2), expected, 1e-4);
    });
  }
});
