import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Program } from '../../src/core/program.ts';
import type { DeltaModule } from '../../src/core/site.ts';
import { keepingProgram } from '../../src/experiments/executors/here.ts';
import type { Model } from '../../src/models/model.ts';

/** A model that notes what it compiles and frees. */
function notingModel() {
  const log: string[] = [];
  const compile = async (modules: readonly DeltaModule[]) => {
    const name = modules.map(({ id }) => id).join('+');
    log.push(`compile ${name}`);
    return { release: async () => void log.push(`free ${name}`) } as unknown as Program;
  };
  return { log, model: keepingProgram({ name: 'noting', compile } as unknown as Model) };
}

const moduleOf = (id: string, rank = 1) => ({ id, options: { rank } }) as unknown as DeltaModule;

test('modules that follow themselves are compiled once, and freed when that is asked for', async () => {
  const { log, model } = notingModel();
  for (let run = 0; run < 3; run++) await (await model.compile([moduleOf('a'), moduleOf('b')])).release();
  assert.deepEqual(log, ['compile a+b']);
  for (let time = 0; time < 2; time++) await model.free();
  assert.deepEqual(log, ['compile a+b', 'free a+b']);
});

test('other modules, and the same ones with other options, free what is kept before they are compiled', async () => {
  const { log, model } = notingModel();
  for (const modules of [[moduleOf('a')], [moduleOf('b')], [moduleOf('b', 2)]]) {
    await (await model.compile(modules)).release();
  }
  assert.deepEqual(log, ['compile a', 'free a', 'compile b', 'free b', 'compile b']);
});

test('a program in use is left to its user, and of two that end the last is kept', async () => {
  const { log, model } = notingModel();
  const [first, second] = [await model.compile([moduleOf('a')]), await model.compile([moduleOf('a')])];
  assert.deepEqual(log, ['compile a', 'compile a']);
  await first.release();
  await second.release();
  assert.deepEqual(log.slice(2), ['free a']);
  await model.compile([moduleOf('a')]);
  assert.equal(log.length, 3);
});
