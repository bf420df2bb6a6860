import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runCommandLine } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import { notedAnswer } from '../../src/cli/reference/at-once.ts';
import { packageVersion } from '../../src/library/provenance.ts';
import { commandFiles } from '../../tools/commands.ts';

// What a build notes of its commands answers as they would; and it is all that is read then, which is what makes it
// fast: counted here, since times differ from machine to machine.

const folder = mkdtempSync(join(tmpdir(), 's3delta-at-once-'));
const noted = join(folder, 'commands.json');
writeFileSync(noted, commandFiles()['cli/reference/commands.json']!);
after(() => rmSync(folder, { recursive: true }));

const atOnce = (args: readonly string[]) => notedAnswer(args, { width: 80, colour: false }, noted);
const live = (args: readonly string[]) => runCommandLine(args, commands, packageVersion(), { colour: false });

test('help, version and completion are what the commands themselves say', async () => {
  const names = Object.keys(commands);
  const asked = [
    ...[[], ['--help'], ['-h'], ['help'], ['--version'], ['-v'], ['completion', 'bash'], ['completion', 'fish']],
    ...names.flatMap(name => [
      [name, '--help'],
      ['help', name],
    ]),
  ];
  for (const args of asked) assert.deepEqual(atOnce(args), await live(args), args.join(' '));
  assert.equal(atOnce([])?.exitCode, 2);
});

test('what needs the commands is left to them: work, plugins, config files, and what is wrong', () => {
  const asked = ['search', 'search x.yaml --help', 'search --plugin p.ts --help', 'help nothing', 'completion tcsh'];
  for (const line of asked) assert.equal(atOnce(line.split(' ')), undefined, line);
  assert.equal(notedAnswer(['--help'], { width: 80, colour: false }, join(folder, 'none.json')), undefined);
});

test('no more than a handful of files is loaded for it, and no package', () => {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    const { notedAnswer } = await import('./src/cli/reference/at-once.ts');
    const { text } = notedAnswer(['search', '--help'], { width: 80, colour: false }, ${JSON.stringify(noted)});
    console.log(JSON.stringify({ loaded, text }));`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '../..'),
    encoding: 'utf8',
  });
  const { loaded, text } = JSON.parse(child.stdout) as { loaded: string[]; text: string };
  const files = loaded.filter(url => url.startsWith('file:'));
  assert.ok(files.length <= 12, files.join('\n'));
  assert.deepEqual(
    files.filter(url => url.includes('node_modules')),
    [],
  );
  assert.match(text, /^Usage: s3delta search/m);
});
