import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packageVersion } from '../../src/library/provenance.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const { isNewEnough, nativeEnd } = (await import(new URL('../../bin/start-node.mjs', import.meta.url).href)) as {
  isNewEnough(version: string): boolean;
  nativeEnd(code: number | null, signal: string | null, most?: number): string | undefined;
};
const { findNode } = (await import(new URL('../../tools/find-node.mjs', import.meta.url).href)) as {
  findNode(root: string): string | undefined;
};

test('Node is new enough from 22.18 and from 23.6 on', () => {
  for (const version of ['v22.18.0', '22.19.1', 'v23.6.0', 'v24.0.0', 'v30.1.2'])
    assert.ok(isNewEnough(version), version);
  for (const version of ['v20.20.2', 'v22.17.9', 'v23.5.0', 'v18.0.0']) assert.ok(!isNewEnough(version), version);
});

test('a Node new enough is found, the running one first', () => {
  assert.equal(findNode(path('')), process.execPath);
});

test('the executable starts the command line from any folder and hands on its exit code', () => {
  const bin = path('bin/s3delta.mjs');
  const version = spawnSync(process.execPath, [bin, '--version'], { cwd: tmpdir(), encoding: 'utf8' });
  assert.equal(version.stdout.trim(), packageVersion(), version.stderr);
  const wrong = spawnSync(process.execPath, [bin, 'nothing'], { cwd: tmpdir(), encoding: 'utf8' });
  assert.equal(wrong.status, 2);
});

test('a clone runs its sources, whatever was built of earlier ones, and a package what was built', () => {
  const root = mkdtempSync(join(tmpdir(), 's3delta-bin-'));
  cpSync(path('bin'), join(root, 'bin'), { recursive: true });
  const write = (folder: string, extension: string) => {
    mkdirSync(join(root, folder, 'cli', 'reference'), { recursive: true });
    writeFileSync(join(root, folder, 'cli', `main.${extension}`), '');
    const answer = `export const answeredAtOnce = () => { console.log('${folder}'); return true; };`;
    writeFileSync(join(root, folder, 'cli', 'reference', `at-once.${extension}`), answer);
  };
  const ran = () => spawnSync(process.execPath, [join(root, 'bin', 's3delta.mjs')], { encoding: 'utf8' }).stdout.trim();
  write('dist', 'js');
  assert.equal(ran(), 'dist');
  write('src', 'ts');
  assert.equal(ran(), 'src');
  rmSync(root, { recursive: true });
});

test('a program that native code has ended is told to lack memory, with what bounds it', () => {
  for (const [code, signal] of [
    [null, 'SIGABRT'],
    [134, null],
    [null, 'SIGTRAP'],
  ] as const) {
    const told = nativeEnd(code, signal, 5e9)!;
    assert.match(
      told,
      /^error: memory: native code has ended .* \(SIG\w+\), .*\(ulimit -v\) is 5,000 MB.*\n→ raise it with/,
    );
    assert.match(told, /--resume$/);
  }
  for (const [code, signal] of [
    [0, null],
    [2, null],
    [130, null],
    [null, 'SIGTERM'],
    [null, 'SIGKILL'],
  ] as const) {
    assert.equal(nativeEnd(code, signal, 5e9), undefined);
  }
});

test('under a limit of the address space a launcher is there to say what its child could not', {
  skip: process.platform !== 'linux',
}, () => {
  const limited = (...command: string[]) =>
    spawnSync('bash', ['-c', 'ulimit -v 60000000; exec "$0" "$@"', process.execPath, ...command], { encoding: 'utf8' });
  const fine = limited(path('bin/s3delta.mjs'), 'tasks');
  assert.equal(fine.status, 0, fine.stderr);
  assert.match(fine.stdout, /spam/);
  const launcher = `import { handOver } from ${JSON.stringify(new URL('../../bin/start-node.mjs', import.meta.url).href)};
    process.exit(await handOver(process.execPath, ['--eval', 'process.abort()']));`;
  const ended = limited('--input-type=module', '--eval', launcher);
  assert.equal(ended.status, 134);
  assert.match(ended.stderr, /error: memory: native code has ended the program \(SIGABRT\), .* 61,440 MB/);
});

test('the runner names its tasks where it is not told one', () => {
  const { status, stderr } = spawnSync(process.execPath, [path('tools/run.mjs')], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /demo\|test\|bench/);
});
