import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeTask, taskOf } from '../../src/export/exported-task.ts';
import { fromTemplate } from '../../src/tasks/template.ts';

const source = fromTemplate('ask: {question}');
const reading = { maxLength: 64, sentinel: false };

test('a task of free text is told with the length of its longest answer, and read back', () => {
  const task = { name: 'talk', metric: 'exact-match', labels: undefined, source, maxTargetLength: 40 } as const;
  const described = describeTask(task, reading);
  assert.equal(described.maxTargetLength, 40);
  assert.equal(taskOf(described, 'here').maxTargetLength, 40);
});

test('where labels are chosen from, or nothing is said, no length is told', () => {
  const labelled = { name: 'films', metric: 'accuracy', labels: ['0', '1'], source, maxTargetLength: 40 } as const;
  const silent = { name: 'talk', metric: 'exact-match', labels: undefined, source } as const;
  for (const task of [labelled, silent]) {
    const described = describeTask(task, reading);
    assert.ok(!('maxTargetLength' in described));
    assert.equal(taskOf(described, 'here').maxTargetLength, undefined);
  }
});
