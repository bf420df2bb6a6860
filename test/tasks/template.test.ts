import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTask } from '../../src/tasks/tasks.ts';
import { fromTemplate, placeholdersOf, templateOf } from '../../src/tasks/template.ts';

const fields: Readonly<Record<string, string>> = { a: 'one {b}', b: 'two' };
const field = (name: string) => fields[name]!;
const list = (name: string) => [fields[name]!];

test('a template is filled in once: what a field holds is not a field again', () => {
  const template = 'x: {a} y: {b}, {a}';
  assert.deepEqual(placeholdersOf(template), ['a', 'b', 'a']);
  assert.equal(fromTemplate(template)(field, list), 'x: one {b} y: two, one {b}');
});

test('a text form that only puts fields together is its template', async () => {
  const template = templateOf((await loadTask('rte')).source!);
  assert.equal(template, 'rte sentence1: {sentence1} sentence2: {sentence2}');
  assert.equal(templateOf(fromTemplate('q: {a} {b}')), 'q: {a} {b}');
});
