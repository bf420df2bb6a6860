import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { Comparison } from '../../src/experiments/comparison-job.ts';
import { runCli, runCliUntil, tinyModel, workspace } from './support.ts';

// Comparisons as a user runs them, on a tiny model with random weights and a tiny task.
const space = workspace();
const common = ['--model', tinyModel, '--lr', '0.01', '--max-steps', '2', '--budget', '500'];
const file = (...path: string[]) => join(space.folder, ...path);
const config = file('compare.yaml');

before(() => {
  writeFileSync(
    config,
    `model: ${tinyModel}\ntask: [${space.task}]\nmethods: [found, lora]\nbudget: [500]\nseeds: 2\nmax-steps: 2\norder: first\nout: table\n`,
  );
});

test('compare reads a file, prints its tables and heat map, and says where all of it lies', async () => {
  const { exitCode, stdout, stderr } = await runCli(['compare', config], space.folder);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /mean of p over 2 seeds\n[\s\S]*SelfAttn\.Q LoRA/);
  assert.match(stdout, /S³Delta, order first at 500 +\d/);
  assert.match(stdout, /LoRA \(r = 8\)/);
  assert.match(stdout, /search time[\s\S]*sign-flip test[\s\S]*Beside steps, validations and tests/);
  assert.match(stdout, /table\/compare\.md/);
  assert.match(stderr, /4 runs, 0 of them done before[\s\S]*\[4\/4\]/);
  // All runs are on the same data: what is wrong with them is said once.
  const warnings = stderr.match(/^warning: .*$/gm) ?? [];
  assert.ok(warnings.length > 0, stderr);
  assert.equal(new Set(warnings).size, warnings.length, stderr);
  const again = await runCli(['compare', config, '--json'], space.folder);
  assert.match(again.stderr, /4 runs, 4 of them done before\n$/);
  const { folder, ...comparison } = JSON.parse(again.stdout) as Comparison & { folder: string };
  assert.equal(folder, 'table');
  const { sha256OfThis, ...kept } = JSON.parse(readFileSync(file('table', 'compare.json'), 'utf8'));
  assert.match(sha256OfThis, /^[0-9a-f]{64}$/);
  // Where it was made, for a report that is asked for elsewhere.
  const { made, ...content } = kept;
  assert.deepEqual(made, { workingFolder: realpathSync(space.folder), folder: 'table' });
  assert.deepEqual(comparison, content);
});

test('report ends with the tables and the verdict of a comparison, and `--json` has what `compare --json` has', async () => {
  const compared = await runCli(['compare', config, '--json'], space.folder);
  const { rows, verdicts } = JSON.parse(compared.stdout) as Comparison;
  const json = await runCli(['report', 'table', '--json'], space.folder);
  const document = JSON.parse(json.stdout) as Comparison & { folder: string; report: string };
  assert.deepEqual([document.rows, document.verdicts], [rows, verdicts]);
  assert.deepEqual([document.folder, document.report], ['table', join('table', 'report.html')]);
  const { exitCode, stdout, stderr } = await runCli(['report', 'table'], space.folder);
  assert.equal(exitCode, 0, stderr);
  assert.match(
    stdout,
    /^table\/report\.html\n\nfilms on tiny-t5\n[\s\S]*S³Delta, order first at 500[\s\S]*Verdict on films/,
  );
  assert.ok(stdout.trimEnd().endsWith(verdicts![0]!.next.why), stdout);
  const markdown = await runCli(['report', 'table', '--format', 'markdown'], space.folder);
  assert.equal(markdown.stdout.trimEnd(), readFileSync(file('table', 'compare.md'), 'utf8').trimEnd());
});

test('a report proposes commands that hold where it is asked for, of the folder that it is asked for', async () => {
  const [there] = (JSON.parse(readFileSync(file('table', 'compare.json'), 'utf8')) as Comparison).verdicts!;
  assert.match(there!.next.command, /^s3delta compare table .*--out table/);
  const from = async (folder: string, named: string, ...flags: string[]) =>
    (await runCli(['report', named, ...flags], file(folder))).stdout;
  mkdirSync(file('beside'));
  assert.match(await from('beside', '../table'), / s3delta compare \.\.\/table .*--out \.\.\/table/);
  cpSync(file('table'), file('my copy'), { recursive: true });
  assert.match(await from('.', 'my copy'), / s3delta compare 'my copy' .*--out 'my copy/);
  assert.match(await from('.', 'my copy', '--format', 'markdown'), /\ns3delta compare 'my copy' .*--out 'my copy/);
  // By a name that a longer one can be made of.
  assert.ok((await from('table', '.')).includes(`--out ${realpathSync(file('table'))}`));
});

test('report shows a spread as the spread did', async () => {
  const args = ['spread', ...common, '--task', space.task, '--structures', '2', '--seeds', '2', '--out', 'spread'];
  const done = await runCli(args, space.folder);
  assert.equal(done.exitCode, 0, done.stderr);
  assert.match(done.stdout, /Verdict on films at 500/);
  const { exitCode, stdout, stderr } = await runCli(['report', 'spread'], space.folder);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, done.stdout);
  const [again, first] = [
    ['report', 'spread', '--json'],
    [...args, '--json'],
  ].map(each => runCli(each, space.folder));
  assert.deepEqual(JSON.parse((await again!).stdout), JSON.parse((await first!).stdout));
  for (const flags of [[], ['--format', 'markdown']]) {
    const beside = await runCli(['report', '../spread', ...flags], file('films'));
    assert.match(beside.stdout, /\bs3delta \w+ \.\.\/spread.* --out \.\.\/spread/);
  }
  writeFileSync(file('spread', 'spread.json'), '{"model": "mini", "spreads": [{}]}');
  const damaged = await runCli(['report', 'spread'], space.folder);
  assert.equal(damaged.exitCode, 2);
  assert.match(damaged.stderr, /not the result of a spread: spreads\.0/);
});

test('an interrupted comparison says how to go on, and goes on', async () => {
  const long = ['--model', tinyModel, '--max-steps', '150', '--retrain-epochs', '50', '--budget', '500'];
  const args = ['compare', ...long, '--task', space.task, '--methods', 'lora', '--seeds', '2', '--out', 'stopped'];
  const begun = file('stopped', 'films', 'lora', 'seed-1', 'config.yaml');
  const stopped = await runCliUntil(begun, args, space.folder);
  assert.equal(stopped.exitCode, 130, stopped.stderr);
  assert.match(stopped.stderr, /same command goes on/);
  assert.ok(existsSync(file('stopped', 'films', 'lora', 'seed-0', 'result.json')));
  const rest = await runCli(args, space.folder);
  assert.equal(rest.exitCode, 0, rest.stderr);
  assert.match(rest.stderr, /2 runs, 1 of them done before/);
});

test('sweep does the same in processes, and ends with 1 where a run has failed', async () => {
  const args = ['sweep', config, '--out', 'sweep', '--processes', '2'];
  const whole = await runCli(args, space.folder);
  assert.equal(whole.exitCode, 0, whole.stderr);
  const scores = (folder: string) =>
    (JSON.parse(readFileSync(file(folder, 'compare.json'), 'utf8')) as Comparison).rows.map(row => row.scores);
  assert.deepEqual(scores('sweep'), scores('table'));
  writeFileSync(file('sweep', 'films', 'lora', 'seed-0', 'config.yaml'), 'budgt: 1\n');
  writeFileSync(file('sweep', 'films', 'lora', 'seed-0', 'result.json'), '{}');
  const failed = await runCli(args, space.folder);
  assert.equal(failed.exitCode, 1, failed.stderr);
  assert.match(failed.stdout, /failed: films lora seed 0 .*\n.*budgt/);
});

test('transfer and heatmap take what a comparison has found', async () => {
  const { exitCode, stdout, stderr } = await runCli(
    ['transfer', ...common, '--task', space.task, '--from', 'table', '--out', 'transfer', '--json'],
    space.folder,
  );
  assert.equal(exitCode, 0, stderr);
  const { rows } = JSON.parse(stdout) as Comparison;
  assert.deepEqual(
    rows.map(row => row.label),
    ['found on films', 'random structure'],
  );
  const maps = await runCli(['heatmap', 'table', '--out', 'maps'], space.folder);
  assert.equal(maps.exitCode, 0, maps.stderr);
  assert.match(maps.stdout, /films, 2 searches\n[\s\S]*mean p: 0[\s\S]*sd of p: 0/);
  assert.match(readFileSync(file('maps', 'p-spread-films.svg'), 'utf8'), /sd of p = /);
});

for (const [name, args, says] of [
  ['no folder to write to', ['compare', ...common, '--task', space.task], /--out/],
  ['an unknown method', ['compare', config, '--methods', 'foud'], /foud[\s\S]*found/],
  ['an unknown gradient in a list', ['compare', config, '--gradient', 'global,locl'], /--gradient[\s\S]*global, local/],
  ['no number of processes', ['sweep', config, '--processes', 'all'], /--processes/],
  [
    'structures of nowhere',
    ['transfer', ...common, '--task', space.task, '--from', 'nowhere', '--out', 'x'],
    /nowhere/,
  ],
  ['a folder without searches', ['heatmap', 'films'], /has searched/],
] as const) {
  test(`${name}: exit code 2, a message with its remedy, no file touched`, async () => {
    const listed = space.list();
    const { exitCode, stderr } = await runCli(args, space.folder);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, says);
    assert.match(stderr, /error: .*\n→ .*\n$/);
    assert.deepEqual(space.list(), listed);
  });
}
