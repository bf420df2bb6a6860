import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { openPlugins } from '../../src/catalogue/open-plugins.ts';
import type { InputError } from '../../src/core/errors.ts';
import { compare, sweep } from '../../src/experiments/compare-methods.ts';
import { runEvaluateJob } from '../../src/jobs/evaluate-job.ts';
import { runPredictJob } from '../../src/jobs/predict-job.ts';
import { readRun, writeReport } from '../../src/jobs/report-job.ts';
import { runToEnd } from '../../src/library/run-to-end.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { keptModules, readStructure } from '../../src/structure/structure-file.ts';
import { runCli, tinyModel } from '../cli/support.ts';

const example = fileURLToPath(new URL('../../examples/my-plugin/plugin.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 's3delta-my-plugin-'));
const plugin = join(folder, 'plugin.ts');
cpSync(example, plugin);
const run = join(folder, 'run');
const sizes = { model: tinyModel, task: 'carries', threads: 1, 'max-steps': 2, 'retrain-eval-every': 2 } as const;

test('the code in the documentation is that of the example', () => {
  const page = readFileSync(new URL('../../docs/plugins.md', import.meta.url), 'utf8');
  assert.equal(/^```ts\n([\s\S]*?)^```$/m.exec(page)![1], readFileSync(example, 'utf8'));
});

test('the command line takes its strategy, option, space, task and metric, from a config file too', async () => {
  const config = join(folder, 'config.yaml');
  const keys = [
    'plugins: plugin.ts',
    'strategy: cheapest-first',
    'ceiling: 100',
    'task: carries',
    `model: ${tinyModel}`,
  ];
  writeFileSync(config, `${[...keys, 'threads: 1', 'max-steps: 2', 'budget: 500'].join('\n')}\n`);
  const { exitCode, stderr } = await runCli(['search', 'config.yaml', '--space', 'scales', '--out', 'run'], folder);
  assert.equal(exitCode, 0, stderr);
  assert.match(readFileSync(join(run, 'config.yaml'), 'utf8'), new RegExp(`plugins:\n {2}- ${plugin}\n`));
  const structure = await readStructure(join(run, 'structure.json'));
  assert.deepEqual(structure.plugins, { 'scale-shift': 'my-plugin' });
  const kept = structure.modules.filter(module => module.kept);
  assert.ok(kept.some(({ kind }) => kind === 'scale-shift'));
  assert.ok(
    kept.every(({ parameters }) => parameters <= 100),
    'the option closes what costs more',
  );

  const help = await runCli(['search', '--help', '--plugin', 'plugin.ts'], folder);
  assert.match(help.stdout, /--ceiling=<N>/);
  assert.match(help.stdout, /cheapest-first/);
  const without = await runCli(['search', '--strategy', 'cheapest-first'], folder);
  assert.equal(without.exitCode, 2);
  assert.match(without.stderr, /no value for `strategy`/);
});

test('a structure opens again with the plugin, and without it says which is missing', async () => {
  const model = await loadModel(tinyModel);
  const structure = await readStructure(join(run, 'structure.json'));
  assert.ok(keptModules(structure, model, 'file', openPlugins([plugin])).length > 0);
  assert.throws(
    () => keptModules(structure, model, 'file', builtIn),
    (error: InputError) =>
      /scale-shift, which the plugin my-plugin brings/.test(error.message) && /--plugin/.test(error.remedy!),
  );
});

test('evaluate, predict and report open what the run has noted; where it has moved, a place can be given', async () => {
  const { score } = await runEvaluateJob(run, 'test', {});
  const read = await readRun(run);
  assert.equal(score, read.result.score!.test);
  const report = await writeReport(read);
  assert.match(readFileSync(report[0]!, 'utf8'), /Scale and shift/);

  const moved = join(folder, 'moved.ts');
  renameSync(plugin, moved);
  const ask = async (changes: { plugins?: string[] }) => {
    for await (const { label } of runPredictJob(run, [{ line: 1, text: 'sum: 9 + 9' }], changes)) return label;
    return undefined;
  };
  await assert.rejects(
    ask({}),
    (error: InputError) => error.code === 'missing-plugin' && /--plugin/.test(error.remedy!),
  );
  assert.match(String(await ask({ plugins: [moved] })), /^(yes|no)$/);
  renameSync(moved, plugin);
});

test('compare takes its strategy and a structure file as rows, with seeds and p-values; a sweep in its processes', async () => {
  const given = {
    ...{ ...sizes, task: ['carries'], plugins: [plugin], space: 'scales', budget: ['500'], seeds: [0, 1] },
    methods: ['found', 'cheapest-first', join(run, 'structure.json')],
  };
  const { rows, failed } = await runToEnd(compare({ ...given, order: ['first'] }, { out: join(folder, 'compared') }));
  assert.deepEqual(failed, []);
  assert.deepEqual(
    rows.map(row => [row.label, row.seeds]),
    [
      ['S³Delta', [0, 1]],
      ['cheapest first', [0, 1]],
      ['run.structure', [0, 1]],
    ],
  );
  for (const row of rows.slice(1)) assert.ok(row.foundLessThis!.p > 0, row.label);
  const swept = await runToEnd(
    sweep({ ...given, methods: ['cheapest-first'], seeds: [0], processes: 1 }, { out: join(folder, 'swept') }),
  );
  assert.deepEqual(swept.failed, []);
  assert.deepEqual(swept.rows[0]!.scores, [rows[1]!.scores[0]]);
});
