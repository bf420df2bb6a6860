import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { described, runCommandLine } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import type { ArgDef } from '../../src/cli/parse.ts';
import { completionScript, shells } from '../../src/cli/reference/completion.ts';
import { manualPage } from '../../src/cli/reference/manual.ts';
import { commonArgs } from '../../src/cli/usage.ts';

const reference = described(commands);
const folder = mkdtempSync(join(tmpdir(), 's3delta-completion-'));
mkdirSync(join(folder, 'runs of mine'));
writeFileSync(join(folder, 'my data.csv'), '');
after(() => rmSync(folder, { recursive: true }));

const has = (program: string) => (spawnSync(program, ['--version']).error ? `there is no ${program}` : false);
const run = (program: string, args: readonly string[], input = '') => {
  const { stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', input });
  assert.equal(stderr, '');
  return stdout;
};

/** What bash offers where the last of the words is being written. */
function offeredByBash(...words: readonly string[]): string[] {
  const list = words.map(word => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _s3delta; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const offered = run('bash', ['--norc', '-c', `${completionScript('bash', reference)}\n${ask}`]);
  return offered.split('\n').filter(word => word !== '');
}

test('bash offers commands, flags, their values, and files', { skip: has('bash') }, () => {
  const names = Object.keys(commands);
  assert.deepEqual(offeredByBash('s3delta', ''), [...names, 'help', '--help', '--version']);
  assert.deepEqual(offeredByBash('s3delta', 'help', 'ex'), ['export']);
  for (const name of names) {
    const expected = Object.entries<ArgDef>({ ...reference[name]!.args, ...commonArgs })
      .filter(([, { type }]) => type !== 'positional')
      .map(([flag]) => `--${flag}`);
    const offered = offeredByBash('s3delta', name, '--');
    assert.deepEqual(
      offered.filter(flag => !flag.startsWith('--no-')),
      expected,
    );
  }
  assert.deepEqual(offeredByBash('s3delta', 'search', '--device', 'c'), ['cpu', 'cuda']);
  // bash takes `--device=` apart.
  assert.deepEqual(offeredByBash('s3delta', 'search', '--device', '='), ['auto', 'cpu', 'webgpu', 'cuda']);
  assert.deepEqual(offeredByBash('s3delta', 'search', '--device', '=', 'we'), ['webgpu']);
  assert.deepEqual(offeredByBash('s3delta', 'search', '--lr', ''), []);
  assert.deepEqual(offeredByBash('s3delta', 'search', '--out', ''), ['runs of mine']);
  assert.deepEqual(offeredByBash('s3delta', 'check', 'my'), ['my data.csv']);
  assert.deepEqual(offeredByBash('s3delta', 'completion', ''), shells);
});

test('zsh takes its script, with the words of every command', { skip: has('zsh') }, () => {
  const script = completionScript('zsh', reference);
  assert.match(script, /^#compdef s3delta\n/);
  run('zsh', ['-f', '-n'], script);
  // As `_arguments` is told: a flag, what it does, and its values.
  const ask = `_arguments() { print -l -- "$@" }; compdef() { : }; ${script}
    words=(s3delta search --de); CURRENT=3; _s3delta`;
  const specs = run('zsh', ['-f', '-c', ask]).split('\n');
  assert.ok(specs.includes('--json[print one JSON document on stdout]'), specs.join('\n'));
  assert.ok(specs.some(spec => /^--device=\[where to compute\]:value:\(auto cpu webgpu cuda\)$/.test(spec)));
});

test('fish offers what its script says', { skip: has('fish') }, () => {
  const script = completionScript('fish', reference);
  const offered = (line: string) =>
    run('fish', ['--no-config', '-c', `${script}\ncomplete -C '${line}'`])
      .split('\n')
      .flatMap(each => each.split('\t')[0] || []);
  assert.deepEqual(new Set(offered('s3delta ')), new Set(Object.keys(commands)));
  assert.deepEqual(offered('s3delta search --device c'), ['cpu', 'cuda']);
  assert.ok(offered('s3delta export --').includes('--dtype'));
});

test('a shell that is not known is refused with those that are', async () => {
  await assert.rejects(
    runCommandLine(['completion', 'tcsh'], commands, '0', { colour: false }),
    ({ code, remedy }: { code: string; remedy: string }) => code === 'unknown-name' && /bash, zsh, fish/.test(remedy),
  );
});

test('the manual tells every flag of every command, in words that roff takes', { skip: has('groff') }, () => {
  const page = run('groff', ['-man', '-ww', '-Tutf8', '-P-cbou'], manualPage(reference, '1.2.3'));
  for (const section of ['NAME', 'SYNOPSIS', 'COMMANDS', 'EXIT STATUS'])
    assert.match(page, new RegExp(`^${section}$`, 'm'));
  for (const [name, { args }] of Object.entries(reference)) {
    const own = page.slice(page.search(new RegExp(`^ {3}${name}$`, 'm')));
    for (const [arg, { type }] of Object.entries(args))
      assert.match(
        own,
        type === 'positional' ? new RegExp(`^ +${arg.toUpperCase()}\\b`, 'm') : new RegExp(`^ +--${arg}\\b`, 'm'),
      );
  }
});
