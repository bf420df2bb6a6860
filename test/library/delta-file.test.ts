import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { createModule } from '../../src/deltas/kinds.ts';
import { layoutOf } from '../../src/deltas/layout.ts';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import { readDelta, writeDelta } from '../../src/library/delta-file.ts';
import { makeSite } from '../structure/make-site.ts';

const site = makeSite('encoder.block.0.layer.0.SelfAttention.q', 'self-attention.query', 3, 2);
const model = { name: 'mini', fingerprint: 'abc' };
const lora = createModule(site, 'lora', { rank: 1 });
const layout = layoutOf([lora, createModule(site, 'bitfit')]);
const delta = Float32Array.from({ length: layout.size }, (_, index) => index + 0.5);
const folder = mkdtempSync(join(tmpdir(), 's3delta-delta-'));

test('parameters read back as written, each in a tensor of its own name and shape', async () => {
  const path = join(folder, 'a.safetensors');
  await writeDelta(path, model, layout, delta);
  assert.deepEqual(await readDelta(path, model, layout), delta);
  const { tensors } = await readSafetensors(path);
  assert.deepEqual(tensors.get('encoder.block.0.layer.0.SelfAttention.q:lora.A')?.shape, [1, 3]);
  assert.deepEqual(tensors.get('encoder.block.0.layer.0.SelfAttention.q:lora.B')?.shape, [2, 1]);
  assert.equal(tensors.size, 3);
});

test('the order of the modules does not matter: tensors go by name', async () => {
  const path = join(folder, 'b.safetensors');
  await writeDelta(path, model, layout, delta);
  const turned = layoutOf([...layout.modules].reverse().map(({ module }) => module));
  const read = await readDelta(path, model, turned);
  const bias = turned.modules[0]!.parameters[0]!;
  const original = layout.modules[1]!.parameters[0]!;
  assert.deepEqual(
    read.slice(bias.offset, bias.offset + bias.size),
    delta.slice(original.offset, original.offset + original.size),
  );
});

test("another model's parameters, missing ones and misshaped ones are refused by name", async () => {
  const path = join(folder, 'c.safetensors');
  await writeDelta(path, model, layoutOf([lora]), delta.slice(0, layoutOf([lora]).size));
  await assert.rejects(readDelta(path, { name: 'other', fingerprint: 'xyz' }, layout), /trained on mini, not on other/);
  await assert.rejects(
    readDelta(path, { name: 'mini', fingerprint: 'xyz' }, layout),
    /another mini, with other weights/,
  );
  await assert.rejects(readDelta(path, model, layout), (error: InputError) => {
    return error instanceof InputError && /bitfit/.test(error.message) && /missing/.test(error.message);
  });
  const wider = layoutOf([createModule(site, 'lora', { rank: 2 })]);
  await assert.rejects(readDelta(path, model, wider), /lora\.A has shape \[1,3\]/);
});

test('parameters that are no finite numbers are refused by the name of their tensor', async () => {
  const path = join(folder, 'd.safetensors');
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    await writeDelta(path, model, layout, delta.with(delta.length - 1, value));
    await assert.rejects(readDelta(path, model, layout), (error: InputError) => {
      assert.ok(error instanceof InputError && error.where === path, String(error));
      assert.match(error.message, /:bitfit\..* no finite numbers/);
      assert.match(error.remedy!, /train again/);
      return true;
    });
  }
});

test('a bit that has changed since is found by the name of the file', async () => {
  const path = join(folder, 'e.safetensors');
  await writeDelta(path, model, layout, delta);
  const bytes = readFileSync(path);
  bytes[bytes.length - 2]! ^= 1;
  writeFileSync(path, bytes);
  await assert.rejects(readDelta(path, model, layout), (error: InputError) => {
    assert.ok(error instanceof InputError && error.where === path, String(error));
    assert.match(error.message, /not those that were written/);
    assert.match(error.remedy!, /train again/);
    return true;
  });
});
