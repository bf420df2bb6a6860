import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/core/errors.ts';
import { withMemoryRemedy } from '../../src/jobs/prepare.ts';
import { type MemoryOption, requireMemory, surelyFits } from '../../src/plan/memory-options.ts';
import { asMemoryError } from '../../src/runtime/session.ts';
import { workspace } from '../cli/support.ts';

const limit = (leftBytes: number) => [{ name: 'the control group /job', leftBytes }];
const need = { peakBytes: 1.2e9, processBytes: 2e8 };
const option = (settings: MemoryOption['settings'], fits: boolean): MemoryOption => {
  return { settings, peakBytes: 4e8, seconds: null, fits };
};
const none = async () => assert.fail('nothing is asked for what fits');

test('what fits is left in peace, what may just not is warned of, what does not is refused', async () => {
  assert.equal(await requireMemory(need, none, limit(1e9)), undefined);
  assert.equal(await requireMemory(need, none, []), undefined);
  assert.match((await requireMemory(need, none, limit(9e8)))!, /needs 1\.0\d* GB more memory.*may be killed/);
  let asked = 0;
  const options = async (bytes: number) => {
    asked = bytes;
    return [
      option({ 'micro-batch': 4 }, true),
      option({ recompute: true, prepack: false }, true),
      option({ lr: 1 }, false),
    ];
  };
  await assert.rejects(requireMemory(need, options, limit(6e8)), (error: InputError) => {
    assert.equal(error.code, 'not-enough-memory');
    assert.match(error.message, /the control group \/job leaves 600 MB/);
    assert.match(
      error.remedy!,
      /^add --micro-batch 4 \(400 MB in all\), or --recompute --no-prepack \(400 MB in all\)$/,
    );
    return true;
  });
  assert.equal(asked, 8e8);
  await assert.rejects(
    requireMemory(need, async () => [], limit(6e8)),
    (error: InputError) => /take a smaller model/.test(error.remedy!),
  );
});

test('a job far from the limit is not drafted', () => {
  const model = { sites: [], parameters: 1e6 };
  assert.equal(surelyFits(model, 4096, limit(2e9)), true);
  assert.equal(surelyFits(model, 4096, limit(5e8)), false);
  assert.equal(surelyFits({ ...model, parameters: 1e9 }, 4096, limit(2e9)), false);
});

test('too little address space is told in a sentence before anything is written', {
  skip: process.platform !== 'linux',
}, () => {
  const space = workspace();
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const args = [
    'train',
    '--method',
    'lora',
    '--model',
    'mini',
    '--task',
    space.task,
    '--max-steps',
    '2',
    '--out',
    'run',
  ];
  const limited = ['-c', 'ulimit -v 3000000; exec "$@"', 'sh', process.execPath, main, ...args];
  const { status, stderr } = spawnSync('bash', limited, { cwd: space.folder, encoding: 'utf8' });
  assert.equal(status, 2, stderr);
  assert.match(stderr, /error: memory: .*ulimit -v.*\n→ /);
  assert.doesNotMatch(stderr, /\n\s+at |bad_alloc/);
  assert.equal(existsSync(join(space.folder, 'run')), false);
});

test("the runtime's own word for it becomes the same message, with the settings to add", () => {
  const told = withMemoryRemedy(asMemoryError(new Error('Exception during initialization: std::bad_alloc')), 8);
  assert.ok(told instanceof InputError && told.code === 'not-enough-memory');
  assert.match(told.remedy!, /add --micro-batch 4, --recompute or --precision int8/);
  const allocation = 'BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 5';
  assert.ok(asMemoryError(new Error(allocation)) instanceof InputError);
  const other = new Error('broken');
  assert.equal(withMemoryRemedy(asMemoryError(other), 8), other);
});
