import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startStageMemory } from '../../src/runs/stage-memory.ts';
import { checkpointFile } from '../../src/training/checkpoint.ts';
import { tune } from '../../src/training/tune-program.ts';
import { drain } from '../training/toy-program.ts';
import { options, problem } from '../training/tune-problem.ts';

const store = (name: string) => checkpointFile(join(mkdtempSync(join(tmpdir(), 's3delta-memory-')), name));
const ofNow = process.memoryUsage.rss();

test('a stage that is gone on with has the largest peak of all its processes', async () => {
  const kept = store('a.safetensors');
  const arrays = { a: Float32Array.of(1) };
  // A process before this one, on a larger machine.
  await kept.save({ arrays, meta: { step: 3, peakBytes: 1e15 } });
  const second = startStageMemory(kept);
  assert.deepEqual(await second.checkpoint.load(), { arrays, meta: { step: 3, peakBytes: 1e15 } });
  await second.checkpoint.save({ arrays, meta: { step: 4 } });
  assert.equal(second.stop(), 1e15);
  const third = startStageMemory(kept);
  await third.checkpoint.load();
  assert.equal(third.stop(), 1e15);
});

test('a smaller one before does not count, nor one that is damaged or missing', async () => {
  for (const meta of [{ peakBytes: 5 }, { peakBytes: 'much' }, { peakBytes: -1 }, {}, null]) {
    const kept = store('b.safetensors');
    await kept.save({ arrays: { a: Float32Array.of(1) }, meta });
    const memory = startStageMemory(kept);
    await memory.checkpoint.load();
    const peak = memory.stop();
    assert.ok(peak > ofNow / 2 && peak < 1e14, `${peak}`);
  }
});

test('training takes such a state up as any other', async () => {
  const kept = store('c.safetensors');
  const first = startStageMemory(kept);
  for await (const event of tune(problem, options, { checkpoint: first.checkpoint, saveEverySeconds: -1 })) {
    if (event.step === 3) break;
  }
  first.stop();
  const saved = (await kept.load())!;
  const meta = saved.meta as { peakBytes: number };
  assert.ok(meta.peakBytes > ofNow / 2);
  await kept.save({ ...saved, meta: { ...meta, peakBytes: 2e15 } });
  const second = startStageMemory(kept);
  await drain(tune(problem, options, { checkpoint: second.checkpoint }));
  assert.equal(second.stop(), 2e15);
});
