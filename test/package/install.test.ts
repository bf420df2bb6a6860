import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import { packageVersion } from '../../src/library/provenance.ts';

// What people install is the tarball, not the clone: it is packed, and installed into an empty project by npm as a
// user would. The registry is the only host that this needs.

const root = fileURLToPath(new URL('../..', import.meta.url));
const online = spawnSync('npm', ['ping'], { encoding: 'utf8' }).status === 0;
const skip = online ? false : 'the npm registry cannot be reached';

/** What the build reads beside what is packed. */
const SOURCES = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'tools/commands.ts'];
/** Programs that these tests alone need, as npm fetches them. */
const attw = '@arethetypeswrong/cli@0.18.5';
const publint = 'publint@0.3.25';
const pnpm = 'pnpm@12';
const description = createRequire(import.meta.url)('../../package.json') as { readonly files: readonly string[] };

let project = '';
let archive = '';
const inProject = (command: string, args: readonly string[], cwd = project) =>
  spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: '' } });
/** Runs a program of the registry. */
const fetched = (spec: string, args: readonly string[], cwd = project) =>
  inProject('npm', ['exec', '--yes', '--loglevel=error', `--package=${spec}`, '--', ...args], cwd);
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];

before(async () => {
  if (!online) return;
  project = await mkdtemp(join(tmpdir(), 's3delta-package-'));
  // A build of its own, as tests run side by side.
  const clone = join(project, 'clone');
  for (const name of [...description.files.filter(name => !name.startsWith('!') && name !== 'dist'), ...SOURCES])
    await cp(join(root, name), join(clone, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
  const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', project], {
    cwd: clone,
    encoding: 'utf8',
  });
  assert.equal(packed.status, 0, packed.stderr);
  await rm(clone, { recursive: true });
  await writeFile(join(project, 'package.json'), '{ "name": "of-a-user", "type": "module" }');
  archive = join(project, packed.stdout.trim().split('\n').at(-1)!);
  const installed = inProject('npm', ['install', ...quiet, archive]);
  assert.equal(installed.status, 0, installed.stderr);
});

after(async () => {
  if (project !== '') await rm(project, { recursive: true, force: true });
});

test('the tarball holds what is needed to run, what its files cite, and nothing to develop it', { skip }, async () => {
  const folder = join(project, 'node_modules/s3delta');
  const entries = await readdir(folder);
  for (const name of ['bin', 'dist', 'docs', 'models', 'schema', 'README.md', 'CHANGELOG.md', 'LICENSE'])
    assert.ok(entries.includes(name), name);
  for (const name of ['src', 'test', 'bench', 'tools', '.ci']) assert.ok(!entries.includes(name), name);
  const readme = await readFile(join(folder, 'README.md'), 'utf8');
  const cited = [...readme.matchAll(/\]\((?!https?:)([^)#]+\.md)/g)].map(([, path]) => path!);
  assert.ok(cited.length > 3);
  for (const path of cited.filter(path => path !== 'CONTRIBUTING.md' && !path.startsWith('docs/measured')))
    assert.ok(existsSync(join(folder, path)), path);
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    files.filter(each => each.isFile()).map(each => stat(join(each.parentPath, each.name)).then(({ size }) => size)),
  );
  assert.ok(sizes.reduce((sum, size) => sum + size) < 40e6, 'unpacked');
});

test('what looks packages over has nothing to say of the tarball', { skip }, () => {
  // The package is of ES modules alone: what old resolutions make of it is no matter.
  const types = fetched(attw, ['attw', archive, '--profile', 'esm-only', '--no-emoji']);
  assert.equal(types.status, 0, types.stdout + types.stderr);
  const judged = fetched(publint, ['publint', 'run', archive, '--strict']);
  assert.equal(judged.status, 0, judged.stdout + judged.stderr);
});

test('the types of each entry point are whole, without types of Node and with declarations checked', {
  skip,
}, async () => {
  const program = `
    import { createPredictor, loadModel, type Predictor } from 's3delta';
    import { listSpace } from 's3delta/research';
    import { createSession, Graph, ops } from 's3delta/graph';
    const model = await loadModel('mini');
    const count: number = listSpace(model.sites, 'mixed').length;
    // @ts-expect-error: a number, not just anything
    const text: string = count;
    const graph = new Graph();
    graph.output('y', ops.relu(graph.input('x', 'float32', [2])));
    const { y } = await (await createSession(graph)).run({ x: { type: 'float32', data: Float32Array.of(1, 2), dims: [2] } });
    const predictor: Predictor = await createPredictor('runs/x');
    export { predictor, text, y };`;
  await writeFile(join(project, 'typed.ts'), program);
  const compiler = join(root, 'node_modules/.bin/tsc');
  const flags = ['--ignoreConfig', '--strict', '--module', 'nodenext', '--target', 'es2023', '--noEmit', 'typed.ts'];
  const { status, stdout } = inProject(compiler, flags);
  assert.equal(status, 0, stdout);
});

test('help of the installed program reads a handful of files, and is what the sources say', { skip }, async () => {
  await writeFile(
    join(project, 'count.mjs'),
    `import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    process.on('exit', () => console.error(JSON.stringify(loaded.filter(url => url.startsWith('file:')))));`,
  );
  const bin = 'node_modules/s3delta/bin/s3delta.mjs';
  for (const args of [['--help'], ['help', 'search'], ['--version'], ['completion', 'bash']]) {
    const { stdout, stderr } = inProject(process.execPath, ['--import', './count.mjs', bin, ...args]);
    const loaded = JSON.parse(stderr) as string[];
    assert.ok(loaded.length <= 15, loaded.join('\n'));
    const { text } = await runCommandLine(args, commands, packageVersion(), { colour: false });
    assert.equal(stdout, `${text}\n`);
  }
  assert.ok(existsSync(join(project, 'node_modules/s3delta/dist/man/s3delta.1')));
});

test('the program starts, with its runtime, where only the registry can be reached', { skip }, () => {
  const bin = join(project, 'node_modules/s3delta/bin/s3delta.mjs');
  const doctor = inProject(process.execPath, [bin, 'doctor', '--json']);
  const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; status: string; found: string }[] };
  const runtime = checks.find(({ name }) => name === 'ONNX Runtime');
  assert.equal(runtime?.status, 'ok', `${runtime?.found} ${doctor.stderr}`);
  assert.equal(checks.find(({ name }) => name === 'tokenizer of mini')?.status, 'ok', doctor.stdout);
});

test('each entry point can be imported, and computes, on the oldest Node and on the newest', { skip }, async () => {
  const script = `
    import { loadModel } from 's3delta';
    import { listSpace } from 's3delta/research';
    import { Graph, ops, createSession } from 's3delta/graph';
    const model = await loadModel('mini');
    const graph = new Graph();
    graph.output('y', ops.relu(graph.input('x', 'float32', [2])));
    const session = await createSession(graph);
    const { y } = await session.run({ x: { type: 'float32', data: Float32Array.of(-1, 2), dims: [2] } });
    console.log(JSON.stringify({ candidates: listSpace(model.sites, 'mixed').length, y: [...y.data] }));`;
  await writeFile(join(project, 'use.js'), script);
  for (const node of [process.execPath, await nodeOf('22.18.0'), await nodeOf('latest')]) {
    const { stdout, stderr } = inProject(node, ['use.js']);
    assert.deepEqual(JSON.parse(stdout || 'null'), { candidates: 156, y: [0, 2] }, `${node}: ${stderr}`);
    const bin = join(project, 'node_modules/s3delta/bin/s3delta.mjs');
    const tasks = inProject(node, [bin, 'tasks', '--json']);
    assert.equal(tasks.status, 0, `${node}: ${tasks.stderr}`);
  }
});

test('the quick start and the library example of the README run in a fresh project as they stand', {
  skip,
}, async () => {
  const folder = join(project, 'node_modules/s3delta');
  const quickStart = await readFile(join(folder, 'docs/quick-start.md'), 'utf8');
  const [installation] = [...quickStart.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);
  const lines = installation!.split('\n').filter(line => line !== '' && !line.startsWith('npm install PATH/'));
  const commandsThere = [...quickStart.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, text]) => text!.split('\n'));
  // As it says itself, the built-in model needs no download.
  const shown = [...lines, ...commandsThere.filter(line => line !== '')].map(line => line.replace('./minilm', 'mini'));
  assert.ok(shown.length >= 4, shown.join('\n'));
  const PATH = `${join(project, 'node_modules/.bin')}${delimiter}${process.env.PATH}`;
  for (const line of shown) {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', line], {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, PATH },
    });
    assert.equal(status, 0, `${line}\n${stdout}${stderr}`);
  }
  const [, example] = /^```ts\n([\s\S]*?)^```$/m.exec(await readFile(join(folder, 'README.md'), 'utf8'))!;
  await writeFile(join(project, 'readme.ts'), example!);
  const { status, stdout, stderr } = inProject(process.execPath, ['readme.ts']);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^\d+(\.\d+)? of 100; always the commonest answer: 50$/m);
});

/** The program of a version of Node, from the registry. */
async function nodeOf(version: string): Promise<string> {
  const folder = join(project, `node-${version}`);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{}');
  const { status, stderr } = inProject('npm', ['install', ...quiet, `${name}@${version}`], folder);
  assert.equal(status, 0, stderr);
  return join(folder, 'node_modules', name, 'bin', 'node');
}

test('pnpm installs it, and it runs from there', { skip }, async () => {
  const folder = join(project, 'of-pnpm');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "name": "of-another-user", "type": "module" }');
  const store = ['--store-dir', join(folder, 'store'), '--ignore-scripts'];
  const added = fetched(pnpm, ['pnpm', 'add', ...store, archive], folder);
  assert.equal(added.status, 0, added.stdout + added.stderr);
  const doctor = fetched(pnpm, ['pnpm', 'exec', 's3delta', 'doctor', '--json'], folder);
  const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; status: string; found: string }[] };
  assert.equal(checks.find(({ name }) => name === 'ONNX Runtime')?.status, 'ok', doctor.stdout + doctor.stderr);
});
