import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inProcess } from '../../../src/experiments/executors/here.ts';
import { listCells } from '../../../src/experiments/list-cells.ts';
import { sharedLoaders } from '../../../src/experiments/shared-loaders.ts';
import { changedModel } from '../../../src/models/model.ts';
import { experimentWorkspace } from '../support.ts';

const space = experimentWorkspace();

test('trainings that differ by their seed share sessions, a search shares none, and nothing is left at the end', async () => {
  const log: string[] = [];
  const shared = sharedLoaders();
  const model = async (...args: Parameters<typeof shared.model>) => {
    return changedModel(await shared.model(...args), ({ compile }) => ({
      async compile(...modules) {
        const program = await compile(...modules);
        log.push('compile');
        const release = () => {
          log.push('free');
          return program.release();
        };
        return { ...program, release };
      },
    }));
  };
  const methods = ['found', 'lora', 'bitfit'];
  const settings = { ...space.settings, finalists: 1 };
  const given = { ...settings, task: [space.films], methods, seeds: [0, 1], budget: ['600'] };
  const { phases } = await listCells(given, space.out('executor'), shared);
  const executor = inProcess({ ...shared, model });
  const logs: string[] = [];
  for (const cell of phases.flat()) {
    await executor.run(cell, {});
    logs.push(`${cell.method} ${cell.seed}: ${log.splice(0).join(' ')}`);
  }
  await executor.close();
  assert.deepEqual(logs, [
    'found 0: compile free compile free compile free',
    'found 1: compile free compile free compile free',
    'lora 0: compile',
    'lora 1: ',
    'bitfit 0: free compile',
    'bitfit 1: ',
  ]);
  assert.deepEqual(log, ['free']);
});
