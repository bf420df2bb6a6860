import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { Settings } from '../../src/config/settings.ts';
import { InputError } from '../../src/core/errors.ts';
import { runEvaluateJob } from '../../src/jobs/evaluate-job.ts';
import type { JobEvent } from '../../src/jobs/job-events.ts';
import { loadInference } from '../../src/jobs/load-tuned.ts';
import { readRunView } from '../../src/jobs/report-job.ts';
import { runSearchJob, runTrainJob } from '../../src/jobs/run-job.ts';
import { runFolder } from '../../src/runs/run-folder.ts';
import { createRunIndex } from '../../src/serve/run-index.ts';
import { tinyModel, workspace } from '../cli/support.ts';
import { outcomeOf } from '../faults/runs.ts';

// What a run has left is changed, or taken away: it is told by its name, and no more than it is done again.
const space = workspace();
const at = (name: string) => join(space.folder, name);
const common: Settings = {
  ...{ model: tinyModel, task: space.task, seed: 3, lr: 0.01, 'max-steps': 4, threads: 1, device: 'cpu' },
  ...{ 'retrain-eval-every': 2, 'max-validation': 4, 'max-test': 4 },
};
const settings = {
  search: { ...common, budget: '500', 'random-baseline': true, 'eval-every': 2 },
  train: { ...common, method: 'lora' },
} satisfies Record<string, Settings>;
const jobs = { search: runSearchJob, train: runTrainJob };
type Command = keyof typeof jobs;

/** Goes on with a run, and tells what it has said. */
async function resume(command: Command, out: string): Promise<{ said: string; stages: string[] }> {
  const said: string[] = [];
  const stages: string[] = [];
  await jobs[command](
    {},
    {
      out,
      resume: true,
      onEvent: event => {
        if (event.type === 'warning') said.push(event.text);
        if (event.type === 'stage') stages.push(event.stage);
      },
    },
  );
  return { said: said.join('\n'), stages };
}

const predict = (run: string) => loadInference(run, {});
const report = (run: string) => readRunView(runFolder(run));

const isRefused = (file: string, message: RegExp, remedy: RegExp) => (error: unknown) => {
  assert.ok(error instanceof InputError, String(error));
  assert.equal(error.where, file);
  assert.match(error.message, message);
  assert.match(error.remedy!, remedy);
  return true;
};

before(async () => {
  for (const command of ['search', 'train'] as const) await jobs[command](settings[command], { out: at(command) });
});

/** A copy of a finished run, under a name of its own. */
function copyOf(run: Command): string {
  const name = mkdtempSync(at(`${run}-`));
  cpSync(at(run), name, { recursive: true });
  return name;
}

/** Flips the lowest bit of a digit of a number, so that the file stays what it is in form. */
function changeANumber(file: string): void {
  const text = readFileSync(file, 'utf8');
  const digit = [...text.matchAll(/(?<=[\d.])\d(?=\d)/g)].at(-1)!.index;
  const bytes = Buffer.from(text);
  bytes[digit]! ^= 1;
  writeFileSync(file, bytes);
}

test('a run whose training is still to end is not judged, and one that was to train nothing is', async () => {
  const run = copyOf('search');
  assert.notEqual((await report(run)).verdict, undefined);
  // As it stands between the search and the end of the training.
  const { score: _, testInterval: __, ...found } = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8'));
  writeFileSync(join(run, 'result.json'), JSON.stringify(found));
  rmSync(join(run, 'outcome.json'));
  assert.equal((await report(run)).verdict, undefined);
  await runSearchJob({ ...settings.search, 'random-baseline': false, retrain: false }, { out: at('found-alone') });
  assert.match((await report(at('found-alone'))).verdict!.next.command, /^s3delta (train|search) /);
});

const readers: Readonly<Record<string, readonly ((run: string) => Promise<unknown>)[]>> = {
  'result.json': [report],
  'structure.json': [
    report,
    predict,
    run => runTrainJob({ ...common, structure: join(run, 'structure.json') }, { out: at('of-changed') }),
  ],
  'metrics.jsonl': [report],
  'search-history.jsonl': [report],
  'inputs.json': [predict],
};

for (const [file, reads] of Object.entries(readers)) {
  test(`a changed number in ${file} is found by whatever reads it`, async () => {
    const run = copyOf('search');
    changeANumber(join(run, file));
    const refused = isRefused(join(run, file), /its content is not what was written/, /^copy it again .*outcome\.json/);
    for (const read of [...reads, (folder: string) => resume('search', folder)])
      await assert.rejects(read(run), refused);
    // Whoever has changed it on purpose says so.
    rmSync(join(run, 'outcome.json'));
    await report(run);
  });
}

test('parameters of another run with the same structure are found by whatever reads them', async () => {
  await runTrainJob({ ...settings.train, seed: 4 }, { out: at('twin') });
  const run = copyOf('train');
  const delta = join(run, 'delta.safetensors');
  cpSync(join(at('twin'), 'delta.safetensors'), delta);
  const onward = { ...common, structure: join(run, 'structure.json'), 'warm-start': true };
  const refused = isRefused(delta, /not what was written.*of another run/, /^copy it again .*outcome\.json/);
  for (const read of [
    predict,
    (folder: string) => resume('train', folder),
    () => runTrainJob(onward, { out: at('onward') }),
  ])
    await assert.rejects(read(run), refused);
  // A run of an earlier version has noted none of them.
  const notes = JSON.parse(readFileSync(join(run, 'outcome.json'), 'utf8'));
  delete notes.files['delta.safetensors'];
  writeFileSync(join(run, 'outcome.json'), JSON.stringify(notes));
  await predict(run);
});

test('evaluate says where the data are not those that a run was trained on', async () => {
  const warned: string[] = [];
  const onEvent = (event: JobEvent) => event.type === 'warning' && warned.push(event.text);
  const evaluate = () => runEvaluateJob(at('train'), 'test', {}, { onEvent });
  await evaluate();
  assert.ok(!warned.some(text => text.includes('trained on')), warned.join('\n'));
  const rows = join(space.folder, 'films', 'train.jsonl');
  const before = readFileSync(rows, 'utf8');
  writeFileSync(rows, before.replace('"label":"bad"', '"label":"good"'));
  await evaluate();
  writeFileSync(rows, before);
  assert.match(
    warned.join('\n'),
    /not those .* trained on: examples of train \(24 rows, others than then\).*train\.jsonl/,
  );
});

test('the list of a page says of a result that was changed that it is damaged', () => {
  const folder = mkdtempSync(at('page-'));
  cpSync(at('search'), join(folder, 'whole'), { recursive: true });
  cpSync(at('search'), join(folder, 'changed'), { recursive: true });
  changeANumber(join(folder, 'changed', 'result.json'));
  const index = createRunIndex(folder);
  index.refresh();
  const states = Object.fromEntries(index.changesSince(0).runs.map(({ id, state }) => [id, state]));
  assert.deepEqual(states, { whole: 'finished', changed: 'damaged' });
});

test('notes that cannot be read are told, and do not count as none', async () => {
  const run = copyOf('search');
  const notes = join(run, 'outcome.json');
  writeFileSync(notes, '{"ended":"fin');
  for (const read of [predict, report])
    await assert.rejects(read(run), isRefused(notes, /cannot be read/, /remove it/));
});

/** What it has left must be what the whole run has. */
async function requireSameEnd(command: Command, run: string): Promise<void> {
  const [own, whole] = [outcomeOf(run), outcomeOf(at(command))];
  const { delta, structure, metrics, history } = whole;
  assert.deepEqual(own, { ...own, delta, structure, metrics, history });
  assert.deepEqual(readdirSync(run).sort(), readdirSync(at(command)).sort());
  assert.deepEqual(own.result.score, whole.result.score);
  await predict(run);
  await report(run);
}

for (const command of ['search', 'train'] as const) {
  test(`${command}: a finished run without its parameters is trained again, and no more`, async () => {
    const run = copyOf(command);
    const delta = join(run, 'delta.safetensors');
    rmSync(delta);
    await assert.rejects(
      predict(run),
      isRefused(delta, /not there any more/, new RegExp(`make it again: s3delta ${command} --resume --out ${run}$`)),
    );
    const { said, stages } = await resume(command, run);
    assert.match(said, /delta\.safetensors is not there any more: what the structure keeps is trained again/);
    assert.deepEqual(stages, ['retrain', 'test']);
    await requireSameEnd(command, run);
  });

  test(`${command}: one without its result is scored again, and no more`, async () => {
    const run = copyOf(command);
    rmSync(join(run, 'result.json'));
    const { said, stages } = await resume(command, run);
    assert.match(said, /result\.json is not there any more: its scores are computed again/);
    // The score of the random structure stood in no other file.
    assert.deepEqual(stages, command === 'search' ? ['test', 'random', 'test'] : ['test']);
    await requireSameEnd(command, run);
  });

  test(`${command}: one without its structure says how it comes back`, async () => {
    const run = copyOf(command);
    const structure = join(run, 'structure.json');
    rmSync(structure);
    const remedy = new RegExp(`copy the run folder again.* run it again: s3delta ${command} `);
    await assert.rejects(resume(command, run), isRefused(structure, /not there any more/, remedy));
    assert.ok(existsSync(join(run, 'result.json')));
  });
}

test('a log that is gone is told: by what shows it, and where the run goes on', async () => {
  const run = copyOf('search');
  const log = join(run, 'metrics.jsonl');
  rmSync(log);
  await assert.rejects(report(run), isRefused(log, /has written this file/, /remove outcome\.json/));
  await predict(run);
  const { said } = await resume('search', run);
  assert.match(said, /metrics\.jsonl is not there any more, and what stood in it is lost/);
  await report(run);
});

test('a setting that was changed in config.yaml is told by its key; a place may be another', async () => {
  const run = copyOf('search');
  const config = join(run, 'config.yaml');
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace('lr: 0.01', 'lr: 0.03').replace(/^max-length: \d+/m, 'max-length: 9'));
  const changes =
    /config\.yaml's max-length: \d+ then, 9 now; .*lr: 0\.01 then, 0\.03 now|lr: 0\.01 then, 0\.03 now; .*9 now/;
  await assert.rejects(predict(run), isRefused(config, changes, /put them back/));
  await assert.rejects(resume('search', run), isRefused(run, changes, /put it back as it was and resume/));
  // What is given as a flag is meant.
  writeFileSync(config, text.replace(/^max-length: \d+/m, 'max-length: 9'));
  await loadInference(run, { 'max-length': 9 });
  writeFileSync(config, text.replace(/^threads: .*\n/m, '').replace(/^device: cpu/m, 'device: auto'));
  await predict(run);
});
