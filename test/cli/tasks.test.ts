import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tasks } from '../../src/tasks/tasks.ts';
import { runCli, workspace } from './support.ts';

const parquet = fileURLToPath(new URL('../fixtures/parquet', import.meta.url));

test('tasks lists every task with its metric and whether its data were found', async t => {
  const { folder } = workspace();
  t.after(() => rmSync(folder, { recursive: true }));
  const { stdout, exitCode } = await runCli(['tasks', '--data', parquet], folder);
  assert.equal(exitCode, 0);
  for (const { name, metric } of tasks) assert.match(stdout, new RegExp(`^${name} +${metric} +(found|–) `, 'm'));
  assert.match(stdout, /^rte +accuracy +found /m);
  assert.match(stdout, /^cola +matthews +– /m);
  const listed = JSON.parse((await runCli(['tasks', '--data', parquet, '--json'], folder)).stdout);
  const record = listed.tasks.find(({ name }: { name: string }) => name === 'superglue-record');
  assert.ok(record.data.startsWith(parquet));
  assert.deepEqual([record.metric, record.details, record.labels], ['token-f1', ['exact-match'], undefined]);
});
