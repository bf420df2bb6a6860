import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { metrics } from '../../src/metrics/metrics.ts';
import { loadTask, tasks } from '../../src/tasks/tasks.ts';

const remedyOf = async (name: string): Promise<string> => {
  try {
    await loadTask(name);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    assert.ok(error.message.includes(name));
    return error.remedy!;
  }
  return assert.fail(`${name} was found`);
};

test('every built-in task is found by its name and is whole', async () => {
  assert.equal(new Set(tasks.map(task => task.name)).size, tasks.length);
  for (const task of tasks) {
    assert.equal(await loadTask(task.name), task);
    assert.ok(Object.hasOwn(metrics, task.metric));
    assert.ok(task.description.length > 10);
    if (task.metric === 'f1' || task.metric === 'matthews') assert.equal(task.labels?.length, 2);
  }
});

test("SuperGLUE's prefix may be left out, but rte is GLUE's", async () => {
  assert.equal((await loadTask('boolq')).name, 'superglue-boolq');
  assert.equal((await loadTask('multirc')).name, 'superglue-multirc');
  assert.equal((await loadTask('rte')).name, 'rte');
  assert.equal((await loadTask('superglue-rte')).name, 'superglue-rte');
});

test('an unknown name is answered with the nearest ones', async () => {
  assert.match(await remedyOf('rt'), /did you mean rte/);
  assert.match(await remedyOf('SST-2'), /did you mean sst2/);
  assert.match(await remedyOf('superglue-bolq'), /did you mean superglue-boolq/);
  assert.match(await remedyOf('summarisation'), /the tasks are cola, .*spam; a task of your own is a file/);
});

test('a task file that does not exist is named', async () => {
  await assert.rejects(loadTask('no/such/task.yaml'), /no\/such\/task\.yaml: no such file/);
});
