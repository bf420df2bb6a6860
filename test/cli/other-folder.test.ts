import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommandLine } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import { describeFailure } from '../../src/cli/process-end.ts';
import { readRecordedSettings } from '../../src/config/config-file.ts';
import { tinyModel, workspace } from './support.ts';

const space = workspace();
const elsewhere = join(space.folder, 'elsewhere');
mkdirSync(elsewhere);

/** Runs a command in a folder and gives what it prints. */
async function succeed(args: readonly string[], folder: string): Promise<string> {
  process.chdir(folder);
  const { stream, text } = await runCommandLine(args, commands, '0.0.0', { colour: false });
  const lines: string[] = [];
  for await (const line of stream ?? []) lines.push(line);
  return [...lines, text].join('\n');
}

/** Runs a command in a folder that refuses, and gives what it says. */
async function fail(args: readonly string[], folder: string): Promise<string> {
  const failure = await succeed(args, folder).then(() => assert.fail(args.join(' ')), describeFailure);
  assert.equal(failure.exitCode, 2, args.join(' '));
  return failure.lines.join('\n');
}

test('a run of a task of your own goes on, is scored, asked and exported from any folder', async () => {
  const train = ['train', '--method', 'lora', '--model', tinyModel, '--task', 'films/task.yaml', '--out', 'run'];
  await succeed(train, space.folder);
  const config = join(space.folder, 'run', 'config.yaml');
  assert.equal(readRecordedSettings(config).task, space.task);

  await succeed(['train', '--resume', '--out', '../run'], elsewhere);
  await succeed(['train', '--resume', '--out', '../run', '--task', '../films/task.yaml'], elsewhere);
  const score = await succeed(['evaluate', '../run', '--json'], elsewhere);
  await succeed(['predict', '../run', 'a good film'], elsewhere);
  await succeed(['export', '../run', '--format', 'safetensors', '--out', 'exported'], elsewhere);

  renameSync(join(space.folder, 'films'), join(space.folder, 'movies'));
  for (const [args, remedy] of [
    [['evaluate', '../run'], /--task/],
    [['train', '--resume', '--out', '../run'], /write its place there/],
  ] as const) {
    const said = await fail(args, elsewhere);
    assert.match(said, /run[/\\]config\.yaml: the run's task file is not there any more: .*films[/\\]task\.yaml/);
    assert.match(said, remedy);
  }
  // The run keeps its task; its data alone lie beside the file.
  await succeed(['predict', '../run', 'a good film'], elsewhere);
  await succeed(['export', '../run', '--format', 'safetensors', '--out', 'again'], elsewhere);
  assert.equal(await succeed(['evaluate', '../run', '--json', '--task', '../movies/task.yaml'], elsewhere), score);
  writeFileSync(config, readFileSync(config, 'utf8').replace(/films(.)task/, 'movies$1task'));
  await succeed(['train', '--resume', '--out', '../run'], elsewhere);
  renameSync(join(space.folder, 'movies'), join(space.folder, 'films'));
});

test('the paths in an older run are those of the folder it was begun in', async () => {
  const train = ['train', '--method', 'bitfit', '--model', tinyModel, '--task', 'films/task.yaml', '--out', 'old'];
  await succeed(train, space.folder);
  const config = join(space.folder, 'old', 'config.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^task: .*$/m, 'task: films/task.yaml'));
  await succeed(['evaluate', 'old'], space.folder);
  await succeed([...train, '--resume'], space.folder);
  assert.match(
    await fail(['evaluate', '../old'], elsewhere),
    /config\.yaml: the run's task file is not there any more: films/,
  );
});

test('a config that init writes is run from any folder', async () => {
  mkdirSync(join(space.folder, 'configs'));
  const init = [
    'init',
    'configs/films.yaml',
    '--yes',
    '--model',
    tinyModel,
    '--task',
    'films/task.yaml',
    '--budget',
    '500',
  ];
  await succeed(init, space.folder);
  assert.match(readFileSync(join(space.folder, 'configs', 'films.yaml'), 'utf8'), /^task: \.\.\/films\/task\.yaml$/m);
  await succeed(['train', '../configs/films.yaml', '--method', 'bitfit', '--out', 'from-config'], elsewhere);
});
