// Runs a task of this repository on a machine that has only Node (20 or newer) and npm:
//
//   node tools/run.mjs demo|test|bench|evidence [arguments…]
//
// Plain JavaScript on purpose: the Node that starts it may be too old to run TypeScript. It installs what is missing,
// then hands over to a Node that runs TypeScript without a build.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { handOver } from '../bin/start-node.mjs';
import { findNode } from './find-node.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const tasks = {
  demo: args => ['src/cli/main.ts', 'demo', ...args],
  test: args => [
    '--test',
    '--test-concurrency=2',
    '--test-reporter=spec',
    ...args.filter(arg => arg.startsWith('-')),
    ...(args.some(arg => !arg.startsWith('-')) ? args.filter(arg => !arg.startsWith('-')) : ['test/**/*.test.ts']),
  ],
  bench: args => ['bench/main.ts', ...args],
  evidence: args => ['bench/evidence/main.ts', ...args],
};

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) throw result.error;
  // A child that a signal ended has no status: report it as shells do for Ctrl-C.
  return result.status ?? 130;
}

/** True where there is no installation, or the lock file has changed since. */
function needsInstall() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (!existsSync(installed)) return true;
  return existsSync(lock) && statSync(installed).mtimeMs < statSync(lock).mtimeMs;
}

function install() {
  console.error('Installing the packages (once)…');
  // onnxruntime-node's install script only fetches CUDA files from the network; the CPU libraries are in the package.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  // npm tells the scripts it runs where it lives. Calling that file needs no shell, also on Windows where npm is a .cmd.
  const npm = process.env.npm_execpath;
  // `ci`: exactly what the lock file holds, so that everyone runs the same.
  const args = ['ci', '--no-progress', '--loglevel=error'];
  // npm keeps what it prints for humans off stdout, which may carry a JSON document.
  const stdio = ['inherit', process.stderr, 'inherit'];
  const status = /npm-cli\.c?js$/.test(npm ?? '')
    ? run(process.execPath, [npm, ...args], { env, stdio })
    : run('npm', args, { env, stdio, shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status);
  const now = new Date();
  utimesSync(join(root, 'node_modules', '.package-lock.json'), now, now);
}

const [name, ...args] = process.argv.slice(2);
const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
if (task === undefined) {
  console.error(`usage: node tools/run.mjs ${Object.keys(tasks).join('|')} [arguments…]`);
  process.exit(2);
}
if (needsInstall()) install();

const node = findNode(root);
if (node === undefined) {
  console.error(`error: Node 22.18 or newer is needed, this is ${process.version}`);
  console.error(
    '→ remove node_modules and run this again (it installs a newer Node), or install Node 22 from nodejs.org',
  );
  process.exit(1);
}
if (name !== 'test') process.exit(await handOver(node, task(args), { cwd: root }));
// What the tests leave among the temporary files, killed ones too, goes with this folder.
const scratch = mkdtempSync(join(tmpdir(), 's3delta-test-'));
const env = { ...process.env, TMPDIR: scratch, TEMP: scratch, TMP: scratch };
const status = await handOver(node, task(args), { cwd: root, env });
rmSync(scratch, { recursive: true, force: true });
process.exit(status);
