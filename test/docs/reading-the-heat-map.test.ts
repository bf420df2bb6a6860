import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCli } from '../cli/support.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documentation = readFileSync(join(root, 'docs', 'reading-the-heat-map.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 's3delta-docs-'));

/** The commands as they are written, in a folder of their own. */
const commands = [...documentation.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
  .flatMap(([, block]) => block!.trim().split('\n'))
  .map(line => line.split(' '))
  .map(([name, ...args]) => {
    assert.equal(name, 's3delta');
    return args.map(arg => (arg.startsWith('examples/') ? join(root, arg) : arg));
  });

test('its pictures are there', () => {
  const pictures = [...documentation.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, path]) => path!);
  assert.equal(pictures.length, 4);
  assert.deepEqual(
    pictures.filter(path => !existsSync(join(root, 'docs', path))),
    [],
  );
});

test('its commands do what it says: a run, its report, its pictures', async () => {
  const once = commands.filter(([command]) => command !== 'serve');
  assert.deepEqual(
    once.map(([command]) => command),
    ['search', 'report', 'report'],
  );
  for (const args of once) {
    const { exitCode, stdout, stderr } = await runCli(args, folder);
    assert.equal(exitCode, 0, stderr);
    if (args.includes('markdown'))
      assert.match(stdout, /^# guestbook on mini, seed 0\n[\s\S]*\| always the commonest label \|/);
  }
  for (const name of [
    'report.html',
    'heatmap.svg',
    'heatmap.png',
    'curves.svg',
    'curves.png',
    'search-history.jsonl',
  ]) {
    assert.ok(existsSync(join(folder, 'runs', 'my-task', name)), name);
  }
});

test('the page is served until Ctrl-C, and says where it is', async () => {
  const [args] = commands.filter(([command]) => command === 'serve');
  const main = join(root, 'src', 'cli', 'main.ts');
  const child = spawn(process.execPath, [main, ...args!, '--port', '0'], { cwd: folder });
  let told = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.on('error', reject).on('exit', () => reject(new Error(told)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      const [found] = /http:\/\/127\.0\.0\.1:\d+\//.exec(told) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  for (const path of ['', 'modules/page/start.ts']) assert.equal((await fetch(`${url}${path}`)).status, 200);
  const ended = new Promise<number | null>(resolve => child.on('exit', resolve));
  child.kill('SIGINT');
  assert.equal(await ended, 0);
  assert.doesNotMatch(told, /Warning/);
});

test('a file that is no folder and a port that is none are told', async () => {
  for (const [args, message] of [
    [['serve', join(root, 'package.json')], /this is a file, not a folder of runs[\s\S]*→/],
    [['serve', 'runs', '--port', '70000'], /--port: `70000` is no port[\s\S]*→/],
  ] as const) {
    const { exitCode, stderr } = await runCli(args, folder);
    assert.equal(exitCode, 2);
    assert.match(stderr, message);
  }
});
