import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeTask, type ExportedTask, taskOf } from '../../src/export/description.ts';
import { fromTemplates, templatesOf } from '../../src/tasks/segments.ts';
import { loadTask } from '../../src/tasks/tasks.ts';
import { loadTiny } from './support.ts';

const tiny = await loadTiny('tiny-t5');
const segments = fromTemplates([{ text: 'ask: {question}' }]);
const describe = (task: ExportedTask, sentinel?: boolean) =>
  describeTask(task, tiny.codec(task, { maxLength: 64, sentinel }), 64);

test('a task of free text is told with the length of its longest answer, and read back', () => {
  const task = { name: 'talk', metric: 'exact-match', labels: undefined, segments, maxTargetLength: 40 } as const;
  const described = describe(task);
  assert.equal(described.maxTargetLength, 40);
  assert.deepEqual([described.template, described.labels], ['ask: {question}', null]);
  assert.equal(taskOf(described, 'here').maxTargetLength, 40);
});

test('where labels are chosen from, or nothing is said, no length is told', () => {
  const labelled = {
    name: 'films',
    metric: 'accuracy',
    labels: ['bad', 'good'],
    segments,
    maxTargetLength: 40,
  } as const;
  const silent = { name: 'talk', metric: 'exact-match', labels: undefined, segments } as const;
  for (const task of [labelled, silent]) {
    const described = describe(task);
    assert.ok(!('maxTargetLength' in described));
    assert.equal(taskOf(described, 'here').maxTargetLength, undefined);
  }
});

test('labels are told by their names and by what the model answers, the form by its sentinel', () => {
  const task = { name: 'films', metric: 'accuracy', labels: ['bad', 'good'], segments } as const;
  const described = describe(task, true);
  assert.deepEqual(described.labels, [
    { answer: '0', name: 'bad' },
    { answer: '1', name: 'good' },
  ]);
  assert.deepEqual([described.maxLength, described.sentinel, describe(task).sentinel], [64, true, false]);
  const { labels, words } = taskOf(described, 'here');
  assert.deepEqual([labels, words], [task.labels, ['0', '1']]);
});

test('what a task gives to read is told before and after the model has written it, older descriptions had the latter', async () => {
  const pair = fromTemplates([
    { name: 'a', text: '{left}' },
    { name: 'b', text: '{right}' },
  ]);
  const described = describe({ name: 'two', metric: 'exact-match', labels: undefined, segments: pair });
  assert.equal(described.template, 'two a: {left} b: {right}');
  assert.deepEqual(templatesOf(taskOf(described, 'here').segments!), described.segments);
  const { segments: _, ...old } = described;
  assert.deepEqual(templatesOf(taskOf(old, 'here').segments!), [{ text: described.template }]);
  const rte = await loadTask('rte');
  const known = describe(rte);
  assert.equal(known.template, 'rte sentence1: {sentence1} sentence2: {sentence2}');
  assert.equal(taskOf(known, 'here'), rte);
});
