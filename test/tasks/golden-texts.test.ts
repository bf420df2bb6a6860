import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTask, tasks } from '../../src/tasks/tasks.ts';
import { loadWritten } from './written.ts';

const data = join(process.env.S3DELTA_SHARED ?? '../shared', 'data');
const skip = existsSync(join(data, 'glue')) ? false : `no data sets at ${data}`;

/** What tools/fixtures/task_texts.py writes: hashes, because the sentences belong to the data sets. */
interface Golden {
  readonly task: string;
  readonly part: 'train' | 'validation';
  readonly rows: number;
  readonly targets: string;
  readonly golden: readonly { readonly row: number; readonly source: string; readonly answers: readonly string[] }[];
}

const goldens = JSON.parse(await readFile(new URL('../fixtures/task-texts.json', import.meta.url), 'utf8')) as Golden[];
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('every task over public data has golden rows', () => {
  const named = goldens.map(({ task }) => task).sort();
  assert.deepEqual(
    named,
    tasks
      .map(({ name }) => name)
      .filter(name => name !== 'spam')
      .toSorted(),
  );
  for (const { golden } of goldens) assert.equal(golden.length, 10);
});

for (const { task, part, rows, targets, golden } of goldens) {
  test(`${task}: sources and targets are those an independent script writes`, { skip }, async () => {
    const examples = (await loadWritten(await loadTask(task), data))[part];
    assert.equal(examples.length, rows);
    for (const { row, source, answers } of golden) {
      const example = examples[row]!;
      assert.equal(sha256(example.source), source, example.source);
      assert.deepEqual((example.answers ?? [example.target]).map(sha256), answers, example.target);
    }
    assert.equal(sha256(examples.map(({ answers, target }) => (answers ?? [target]).join('|')).join('\n')), targets);
  });
}
