import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

// What people install is the tarball, not the clone: it is packed, and installed into an empty project by npm as a
// user would. The registry is the only host that this needs.

const root = fileURLToPath(new URL('../..', import.meta.url));
const online = spawnSync('npm', ['ping'], { encoding: 'utf8' }).status === 0;
const skip = online ? false : 'the npm registry cannot be reached';

/** What the build reads beside what is packed. */
const SOURCES = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
const description = createRequire(import.meta.url)('../../package.json') as { readonly files: readonly string[] };

let project = '';
const inProject = (command: string, args: readonly string[]) =>
  spawnSync(command, args, { cwd: project, encoding: 'utf8', env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: '' } });

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
  const archive = join(project, packed.stdout.trim().split('\n').at(-1)!);
  const installed = inProject('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', archive]);
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
});

test('the program starts, with its runtime, where only the registry can be reached', { skip }, () => {
  const bin = join(project, 'node_modules/s3delta/bin/s3delta.mjs');
  const doctor = inProject(process.execPath, [bin, 'doctor', '--json']);
  const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; status: string; found: string }[] };
  const runtime = checks.find(({ name }) => name === 'ONNX Runtime');
  assert.equal(runtime?.status, 'ok', `${runtime?.found} ${doctor.stderr}`);
  assert.equal(checks.find(({ name }) => name === 'tokenizer of mini')?.status, 'ok', doctor.stdout);
});

test('each entry point can be imported, and computes', { skip }, async () => {
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
  const { stdout, stderr } = inProject(process.execPath, ['use.js']);
  assert.deepEqual(JSON.parse(stdout || 'null'), { candidates: 156, y: [0, 2] }, stderr);
});
