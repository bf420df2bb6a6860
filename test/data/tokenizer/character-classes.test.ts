import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  ACCENT,
  COMBINING_MARK,
  DROPPED_BY_BERT,
  PUNCTUATION,
  WHITE_SPACE,
} from '../../../src/data/tokenizer/json/character-classes.ts';

const fixture = fileURLToPath(new URL('../../fixtures/character-classes.json', import.meta.url));
const classes = JSON.parse(await readFile(fixture, 'utf8')) as Record<string, string>;

/** First and last of each run of characters that a pattern matches, in hexadecimal: of all there are. */
function rangesOf(pattern: RegExp): string {
  const runs: [number, number][] = [];
  const one = new RegExp(pattern.source, 'u');
  for (let code = 0; code < 0x110000; code++) {
    if ((code >= 0xd800 && code < 0xe000) || !one.test(String.fromCodePoint(code))) continue;
    const last = runs.at(-1);
    if (last?.[1] === code - 1) last[1] = code;
    else runs.push([code, code]);
  }
  return runs.map(run => [...new Set(run)].map(code => code.toString(16)).join('-')).join(' ');
}

for (const [name, pattern] of Object.entries({
  'white space': WHITE_SPACE,
  punctuation: PUNCTUATION,
  controls: DROPPED_BY_BERT,
  accents: ACCENT,
  marks: COMBINING_MARK,
})) {
  test(`characters are taken as Hugging Face's library takes them: ${name}`, () => {
    assert.equal(rangesOf(pattern), classes[name]);
  });
}
