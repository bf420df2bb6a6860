import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listCells } from '../../src/experiments/list-cells.ts';
import { sharedLoaders } from '../../src/experiments/shared-loaders.ts';
import { experimentWorkspace } from './support.ts';

const space = experimentWorkspace();

test('the device is chosen once, and every run is told which', async () => {
  const asked: unknown[] = [];
  const said: string[] = [];
  const loaders = {
    ...sharedLoaders(),
    device: async (device: unknown, tell?: (text: string) => void) => {
      asked.push(device);
      tell?.('computing on webgpu');
      return 'webgpu' as const;
    },
  };
  const given = {
    ...space.settings,
    task: [space.films],
    methods: ['found', 'lora'],
    seeds: [0, 1],
    device: 'auto' as const,
  };
  const { phases, common } = await listCells(given, space.out('device'), loaders, text => said.push(text));
  assert.deepEqual([asked, said], [['auto'], ['computing on webgpu']]);
  const cells = phases.flat();
  assert.equal(cells.length, 4);
  for (const { settings } of cells) assert.equal(settings.device, 'webgpu');
  assert.equal(common.device, 'webgpu');
});

test('whoever asks for a device while it is measured waits for the same answer', async () => {
  const { device } = sharedLoaders();
  const [first, second] = [device('cuda'), device('cuda')];
  assert.equal(first, second);
  // No machine of the tests has it, but one may.
  await first.catch(() => {});
});
