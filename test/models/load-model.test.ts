import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/core/errors.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { example } from '../encoded.ts';

const TINY = fileURLToPath(new URL('../fixtures/tiny-t5', import.meta.url));

async function editConfig(folder: string, change: object): Promise<void> {
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change }));
}

/** Writes the checkpoint's header anew, its data as it was. */
async function editHeader(
  folder: string,
  change: (header: Record<string, { shape: number[]; dtype: string }>) => void,
): Promise<void> {
  const file = join(folder, 'model.safetensors');
  const bytes = await readFile(file);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
  change(header);
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  await writeFile(file, Buffer.concat([prefix, text, bytes.subarray(8 + length)]));
}

describe('loading a model', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 's3delta-load-'));
  });
  after(() => rm(folder, { recursive: true }));

  const broken: [string, (copy: string) => Promise<void>, RegExp][] = [
    ['no config', copy => rm(join(copy, 'config.json')), /config\.json/],
    ['a config that is no JSON', copy => writeFile(join(copy, 'config.json'), '{'), /config\.json/],
    [
      'another family',
      copy => editConfig(copy, { model_type: 'whisper' }),
      /config\.json: the model family is whisper/,
    ],
    [
      'a family named like a property',
      copy => editConfig(copy, { model_type: 'constructor' }),
      /family is constructor/,
    ],
    ['no weights', copy => rm(join(copy, 'model.safetensors')), /neither model\.safetensors nor/],
    ['cut-off weights', copy => truncate(join(copy, 'model.safetensors'), 5000), /model\.safetensors/],
    [
      'a missing tensor',
      copy =>
        editHeader(copy, header => {
          header['other.weight'] = header['encoder.final_layer_norm.weight']!;
          delete header['encoder.final_layer_norm.weight'];
        }),
      /encoder\.final_layer_norm\.weight is missing/,
    ],
    [
      'a config of another size',
      copy => editConfig(copy, { d_ff: 60 }),
      /DenseReluDense\.wi\.weight is \[\d+,\d+\], but config\.json asks for \[60,/,
    ],
    [
      'a tokenizer with too many pieces',
      copy => editConfig(copy, { vocab_size: 8 }),
      /vocab|tokenizer|shared\.weight/i,
    ],
    [
      'no tokenizer',
      async copy => {
        await rm(join(copy, 'tokenizer.json'), { force: true });
        await rm(join(copy, 'spiece.model'));
      },
      /tokenizer/,
    ],
  ];

  for (const [name, damage, message] of broken) {
    it(`says what is wrong with ${name}`, async () => {
      const copy = join(folder, name.replaceAll(' ', '-'));
      await cp(TINY, copy, { recursive: true });
      await damage(copy);
      await assert.rejects(loadModel(copy), (error: unknown) => {
        assert.ok(error instanceof InputError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('names built-in models where a folder does not exist', async () => {
    await assert.rejects(
      loadModel(join(folder, 'nowhere')),
      (error: unknown) => error instanceof InputError && /mini/.test(error.remedy ?? ''),
    );
  });

  it('follows links, as the Hub’s cache has them', async () => {
    const cache = join(folder, 'cache');
    await cp(TINY, cache, { recursive: true });
    await rename(join(cache, 'model.safetensors'), join(folder, 'blob'));
    await symlink(join(folder, 'blob'), join(cache, 'model.safetensors'));
    const program = await (await loadModel(cache)).compile([]);
    const { shape } = await program.logits([example([5, 1], [7, 1])], new Float32Array(0));
    assert.deepEqual(shape, [1, 2, 160]);
    await program.release();
  });

  it('gives a model its name, size and a fingerprint that another shape does not have, nor other weights', async () => {
    const tiny = await loadModel(TINY);
    const other = await loadModel(`${TINY}-v1_1`);
    const half = await loadModel(`${TINY}-float16`);
    assert.equal(tiny.name, 'tiny-t5');
    assert.equal(tiny.parameters, half.parameters);
    assert.notEqual(tiny.fingerprint, other.fingerprint);
    assert.notEqual(tiny.fingerprint, half.fingerprint);
    const copy = join(folder, 'trained on');
    await cp(TINY, copy, { recursive: true });
    assert.equal((await loadModel(copy)).fingerprint, tiny.fingerprint);
    const file = join(copy, 'model.safetensors');
    const bytes = await readFile(file);
    const { offset, byteLength } = tiny.weights.get('encoder.block.1.layer.1.layer_norm')!;
    bytes[offset + byteLength - 1]! ^= 1;
    await writeFile(file, bytes);
    assert.notEqual((await loadModel(copy)).fingerprint, tiny.fingerprint);
  });
});

it('a name that every object has is no built-in model', async () => {
  for (const name of ['constructor', '__proto__', 'toString']) {
    await assert.rejects(
      loadModel(name),
      (error: Error) => error instanceof InputError && error.message.includes(name),
    );
  }
});
