import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { argsOf, runCommandLine } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { describeFailure } from '../../src/cli/process-end.ts';
import { commonArgs } from '../../src/cli/usage.ts';
import { type ShownCommand, shownCommands, words } from './blocks.ts';

// Every command that a document shows is run as it stands, in order, in a folder as its reader has it. To end within
// seconds each is told, where it takes the flags, to do little; and the models are tiny ones with random weights, whose
// every share of parameters is less than a module, so that its budget is a count.
const scaled: Readonly<Record<string, string>> = {
  'max-steps': '2',
  'max-validation': '8',
  'max-test': '8',
  'max-length': '24',
  seeds: '1',
  structures: '2',
};
/** One seed is too few for these. */
const ofSeveralSeeds = new Set(['spread']);
/** These go on until they are stopped, which is then done soon. */
const endless = new Set(['serve', 'serve-model']);
/** What these show needs a cluster or a database, and is run by the tests of executors: here its words are read. */
const ofManyMachines = join('docs', 'many-machines.md');
/** Models that the documents speak of, and the fixtures that stand for them. */
const placeholders: Readonly<Record<string, string>> = { './t5-base': 'tiny-t5', './minilm': 'tiny-bert' };
const placeholderBudget = '500';

const root = fileURLToPath(new URL('../..', import.meta.url));
const shared = resolve(process.env.S3DELTA_SHARED ?? join(root, '..', 'shared'));
const hasShared = existsSync(join(shared, 'data', 'glue'));
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => join('docs', name)),
];

/** A folder with what the documents speak of: a model, GLUE, the example task; and `s3delta` on the path of its shells. */
function layOut(): { folder: string; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-docs-'));
  for (const [name, fixture] of Object.entries(placeholders)) {
    cpSync(join(root, 'test', 'fixtures', fixture), join(folder, name), { recursive: true });
  }
  cpSync(join(root, 'examples', 'my-task'), join(folder, 'examples', 'my-task'), { recursive: true });
  cpSync(join(root, 'examples', 'my-plugin', 'plugin.ts'), join(folder, 'plugin.ts'));
  if (hasShared) symlinkSync(join(shared, 'data', 'glue'), join(folder, 'glue'));
  const path = join(folder, '.bin');
  mkdirSync(path);
  const executable = join(path, 's3delta');
  writeFileSync(executable, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'src', 'cli', 'main.ts')}' "$@"\n`);
  chmodSync(executable, 0o755);
  return { folder, path };
}

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of ours in this process: starting one for each would take longer than what they do. */
async function runHere(args: readonly string[]): Promise<Outcome> {
  const ask = async (_: string, standard: string) => standard;
  const signal = AbortSignal.timeout(endless.has(args[0]!) ? 2_000 : 300_000);
  try {
    const { stream, text, exitCode } = await runCommandLine(args, commands, '0.0.0', { colour: false, ask, signal });
    const lines: string[] = [];
    for await (const line of stream ?? []) lines.push(line);
    return { exitCode, stdout: [...lines, text].join('\n'), stderr: '' };
  } catch (error) {
    const { exitCode, lines } = describeFailure(error);
    return { exitCode, stdout: '', stderr: `${lines.join('\n')}\n` };
  }
}

function runInShell(command: string, cwd: string, path: string): Promise<Outcome> {
  const env = { ...process.env, PATH: `${path}${delimiter}${process.env.PATH}`, S3DELTA_SHARED: shared, NO_COLOR: '1' };
  return new Promise(finished => {
    execFile('sh', ['-c', command], { cwd, env }, (error, stdout, stderr) =>
      finished({ exitCode: typeof error?.code === 'number' ? error.code : Number(error !== null), stdout, stderr }),
    );
  });
}

/** The words of a command, told to do little. */
function scaledDown([name, ...args]: readonly string[]): string[] {
  const takes = Object.hasOwn(commands, name!) ? argsOf(commands[name!]!, builtIn) : {};
  const flags = args.includes('--help') ? [] : Object.keys(scaled).filter(flag => flag in takes);
  const isTiny = args.some(arg => Object.hasOwn(placeholders, arg));
  const budget = isTiny && 'budget' in takes ? ['--budget', placeholderBudget] : [];
  const seeds = ofSeveralSeeds.has(name!) ? ['--seeds', '2'] : [];
  return [name!, ...args, ...flags.flatMap(flag => [`--${flag}`, scaled[flag]!]), ...seeds, ...budget];
}

async function check({ line, text, failure }: ShownCommand, { folder, path }: { folder: string; path: string }) {
  const [program, ...args] = words(text) ?? [];
  const { exitCode, stdout, stderr } =
    program === 's3delta'
      ? await runHere(failure === undefined ? scaledDown(args) : args)
      : await runInShell(text, folder, path);
  const place = `line ${line}: ${text}\n${stderr}`;
  if (failure === undefined) {
    assert.equal(exitCode, 0, place);
    assert.ok(program !== 's3delta' || endless.has(args[0]!) || stdout.trim() !== '', place);
  } else {
    assert.equal(exitCode, 2, place);
    assert.equal(stderr.slice(stderr.indexOf('error: ')), failure, place);
  }
}

before(() => {
  process.env.S3DELTA_SHARED = shared;
});

describe('the commands of', () => {
  for (const document of documents) {
    const shown = shownCommands(readFileSync(join(root, document), 'utf8')).filter(
      ({ text }) => !text.startsWith('npm '),
    );
    if (shown.length === 0 || document === ofManyMachines) continue;
    const needsShared = shown.some(({ text }) => text.includes('./glue'));
    const skip = needsShared && !hasShared ? 'needs the data folder that S3DELTA_SHARED names' : false;
    test(document, { skip }, async () => {
      const place = layOut();
      process.chdir(place.folder);
      for (const command of shown) await check(command, place);
    });
  }
});

test('commands and flags for many machines are those that there are', () => {
  const shown = shownCommands(readFileSync(join(root, ofManyMachines), 'utf8')).flatMap(({ text }) => {
    const [program, ...args] = words(text) ?? [];
    return program === 's3delta' ? [args] : [];
  });
  assert.ok(shown.length >= 3);
  for (const [name, ...args] of shown) {
    parseArguments(args, { ...argsOf(commands[name!]!, builtIn), ...commonArgs });
  }
});

test('a block is read line by line, with its continuations, its failure and without its comments', () => {
  const markdown = [
    'text',
    '```sh',
    's3delta search a.yaml \\',
    '  --seed 1   # why',
    '# only a comment',
    'echo "a # b" | s3delta predict run',
    '```',
    '```text',
    'error: x',
    '```',
  ].join('\n');
  assert.deepEqual(shownCommands(markdown), [
    { line: 3, text: 's3delta search a.yaml --seed 1' },
    { line: 6, text: 'echo "a # b" | s3delta predict run', failure: 'error: x\n' },
  ]);
  assert.throws(() => shownCommands('```sh skip-test\nls\n```\n'), /line 1/);
  assert.deepEqual(words(`s3delta predict 'a run' "it's"`), ['s3delta', 'predict', 'a run', "it's"]);
  assert.equal(words('s3delta tasks | head'), undefined);
  assert.deepEqual(words('s3delta predict run "a | b"'), ['s3delta', 'predict', 'run', 'a | b']);
});
