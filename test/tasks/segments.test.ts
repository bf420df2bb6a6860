import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/core/errors.ts';
import { sourceText as writtenSource } from '../../src/models/t5/t5-codec.ts';
import { fieldsOf } from '../../src/tasks/row-form.ts';
import { segmentsOf } from '../../src/tasks/segments.ts';
import { loadTask } from '../../src/tasks/tasks.ts';

const sourceText = (task: Parameters<typeof segmentsOf>[0], input: Parameters<typeof segmentsOf>[1]) =>
  writtenSource(task, segmentsOf(task, input));

const row = (fields: Record<string, unknown>) => ({ file: 'asked.jsonl', line: 3, fields });

test('a text is the one field of a task that has one; of several the fields are named', async () => {
  const sst2 = await loadTask('sst2');
  assert.equal(sourceText(sst2, { line: 1, text: 'a fine film' }), 'sst2 sentence: a fine film');
  for (const [name, fields] of [
    ['rte', 'sentence1, sentence2'],
    ['spam', 'subject, body'],
  ] as const) {
    const task = await loadTask(name);
    assert.throws(
      () => segmentsOf(task, { line: 1, text: 'A man sleeps.' }),
      ({ code, message, remedy }: InputError) =>
        code === 'fields-needed' && message.endsWith(fields) && remedy!.includes(`"${fields.split(', ')[1]}": "…"}`),
    );
  }
});

test("a row is written in the task's form, and a field that is missing is named with its place", async () => {
  const rte = await loadTask('rte');
  const fields = { sentence1: 'A man sleeps.', sentence2: 'A man is awake.' };
  assert.equal(sourceText(rte, row(fields)), 'rte sentence1: A man sleeps. sentence2: A man is awake.');
  assert.throws(
    () => sourceText(rte, row({ sentence1: 'A man sleeps.' })),
    (error: InputError) =>
      error instanceof InputError && error.where === 'asked.jsonl:3' && /sentence2/.test(error.message),
  );
  assert.throws(() => sourceText({ name: 'other' }, row(fields)), InputError);
  assert.equal(sourceText({ name: 'other' }, { line: 1, text: 'as it is' }), 'as it is');
});

test('a row of the spam task is an e-mail', async () => {
  const spam = await loadTask('spam');
  assert.equal(sourceText(spam, row({ subject: 'Win', body: 'Click here' })), 'spam email: Win Click here');
});

test('fields are listed once, in their order', async () => {
  const own = await loadTask(fileURLToPath(new URL('../../examples/my-task/task.yaml', import.meta.url)));
  assert.deepEqual(fieldsOf(own.segments!), ['meal', 'remark']);
  assert.deepEqual(
    [own.labels, own.words],
    [
      ['complaint', 'praise'],
      ['0', '1'],
    ],
  );
});
