import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromTemplates, placeholdersOf, templatesOf } from '../../src/tasks/segments.ts';
import { loadTask } from '../../src/tasks/tasks.ts';

const fields: Readonly<Record<string, string>> = { a: 'one {b}', b: 'two' };
const field = (name: string) => fields[name]!;

test('a template is filled in once: what a field holds is not a field again', () => {
  const template = 'x: {a} y: {b}, {a}';
  assert.deepEqual(placeholdersOf(template), ['a', 'b', 'a']);
  const [segment] = fromTemplates([{ text: template }])(field, () => []);
  assert.equal(segment!.text, 'x: one {b} y: two, one {b}');
  assert.deepEqual(segment!.pieces, [
    { text: 'x: ' },
    { text: 'one {b}', field: 'a' },
    { text: ' y: ' },
    { text: 'two', field: 'b' },
    { text: ', ' },
    { text: 'one {b}', field: 'a' },
  ]);
});

test('segments are told as templates, and made of them again', async () => {
  assert.deepEqual(templatesOf((await loadTask('rte')).segments!), [
    { name: 'sentence1', text: '{sentence1}' },
    { name: 'sentence2', text: '{sentence2}' },
  ]);
  const templates = [{ name: 'q', text: 'Q: {a}' }, { text: '{b}' }];
  assert.deepEqual(templatesOf(fromTemplates(templates)), templates);
  assert.deepEqual(
    fromTemplates(templates)(field, () => []),
    [{ name: 'q', text: 'Q: one {b}', pieces: [{ text: 'Q: ' }, { text: 'one {b}', field: 'a' }] }, { text: 'two' }],
  );
});
