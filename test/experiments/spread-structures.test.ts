import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import type { SpreadSettings } from '../../src/config/experiment-settings.ts';
import { InputError } from '../../src/core/errors.ts';
import { varianceComponents } from '../../src/core/statistics.ts';
import { derivedStructure } from '../../src/experiments/cell.ts';
import { rehearsePlan } from '../../src/experiments/compare-methods.ts';
import type { ExperimentEvent } from '../../src/experiments/run-cells.ts';
import { spread, spreadWork } from '../../src/experiments/spread-structures.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { readMetrics } from '../../src/runs/metrics-log.ts';
import { readStructure } from '../../src/structure/structure-file.ts';
import { experimentWorkspace, runToEnd } from './support.ts';

const space = experimentWorkspace();
const { order: _, 'eval-every': __, ...training } = space.settings;
const out = space.out('spread');

async function collect(given: SpreadSettings, folder = out) {
  const events: ExperimentEvent[] = [];
  const settings = { ...training, task: [space.films], budget: ['500'], ...given };
  const outcome = await runToEnd(spread(settings, { out: folder }), event => events.push(event));
  const ran = events.flatMap(event => (event.type === 'run-done' ? [event.cell.folder] : []));
  const told = events.flatMap(event => (event.type === 'message' ? [event.text] : []));
  return { outcome, ran, told };
}

test('each structure is trained with every seed, and more of them later go on from there', async () => {
  const { outcome, ran, told } = await collect({ structures: 2, seeds: [0, 1] });
  assert.equal(ran.length, 4);
  assert.ok(
    told.some(text => /^4 trainings, 8 losses with gradients in all/.test(text)),
    told.join('\n'),
  );
  const [found] = outcome.spreads;
  assert.deepEqual([found!.task, found!.budget, found!.steps, found!.seeds], ['films', '500', 2, [0, 1]]);
  for (const { file, parameters } of found!.structures) {
    assert.ok(parameters <= 500);
    assert.ok((await readStructure(file)).modules.some(({ kept }) => kept));
  }
  assert.notDeepEqual(await readStructure(found!.structures[0]!.file), await readStructure(found!.structures[1]!.file));
  assert.deepEqual(found!.test, varianceComponents(found!.structures.map(({ tests }) => tests)));
  // A validation a step: the steps are fewer than the looks wanted.
  assert.deepEqual(
    found!.along.map(({ step, loss }) => [step, loss !== undefined]),
    [
      [1, true],
      [2, true],
    ],
  );
  const lines = readMetrics(join(out, 'films', 'structure-0-500', 'seed-0', 'metrics.jsonl'));
  assert.ok(lines.every(({ validationLoss }) => validationLoss! > 0));

  const more = await collect({ structures: 3, seeds: [0, 1] });
  assert.deepEqual(
    more.ran.map(folder => folder.includes('structure-2')),
    [true, true],
  );
  assert.deepEqual(more.outcome.spreads[0]!.structures.slice(0, 2), found!.structures);
  for (const file of ['spread.md', 'spread.json', 'spread-films-at-500.svg', 'along-films-at-500.svg']) {
    assert.ok(existsSync(join(out, file)), file);
  }
  assert.match(readFileSync(join(out, 'spread.md'), 'utf8'), /## Verdict on films at 500[\s\S]*after 2 steps/);
});

test('a copy of a structure is not trained: where the budget leaves fewer, it is said how many there are', async () => {
  const model = await loadModel(training.model!, {});
  const plan = async (structures: number) => {
    const told: string[] = [];
    const given = { ...training, task: [space.films], budget: ['40'], structures, seeds: [0, 1] };
    const options = { out: space.out('copies') };
    const work = spreadWork(given, options);
    const { phases } = await work.plan(() => {}, builtIn);
    await rehearsePlan(work, options, text => told.push(text));
    const kept = phases.flat().map(async ({ derive }) => {
      const { modules } = await derivedStructure(derive!, model);
      return modules.map(module => Number(module.kept)).join('');
    });
    return { told, runs: kept.length, different: new Set(await Promise.all(kept)).size };
  };
  // Of the first twelve draws nine differ, of all forty.
  const few = await plan(12);
  assert.deepEqual([few.runs, few.different], [24, 12]);
  assert.match(few.told.join('\n'), /^24 trainings, 48 losses with gradients in all/m);
  const all = await plan(60);
  assert.deepEqual([all.runs, all.different], [80, 40]);
  assert.match(all.told[0]!, /^films at 40: 40 structures in place of 60, as no more that differ were found in 1,200/);
  assert.match(all.told.join('\n'), /^80 trainings, 160 losses with gradients in all/m);
});

test('what could not tell anything is refused, before a file is touched', async () => {
  const nowhere = space.out('nowhere');
  const refused = (given: SpreadSettings, code: string) =>
    assert.rejects(collect(given, nowhere), error => error instanceof InputError && error.code === code);
  await refused({ structures: 2, seeds: [3] }, 'too-few-seeds');
  await refused({ structures: 2, seeds: [3, 3] }, 'too-few-seeds');
  await refused({ structures: 2, budget: ['100%'] }, 'nothing-to-choose');
  await refused({ structures: 2, budget: ['1'] }, 'budget-too-small');
  assert.equal(existsSync(nowhere), false);
});
