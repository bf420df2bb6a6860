import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DivergedError, InputError, InterruptedError, StopRequest } from '../../src/core/errors.ts';
import { type RunFolder, runFolder } from '../../src/runs/run-folder.ts';
import { whileHolding } from '../../src/runs/run-lock.ts';
import {
  commandToGoOn,
  outcomeOf,
  removeOutcome,
  requireNotDiverged,
  requireTrained,
  standingOf,
  standingText,
  unfinished,
  writeOutcome,
} from '../../src/runs/run-outcome.ts';

const base = mkdtempSync(join(tmpdir(), 's3delta-outcome-'));

function begun(name: string, config = 'task: films\nlr: 0.003\n'): RunFolder {
  const folder = runFolder(join(base, name));
  mkdirSync(folder.path);
  writeFileSync(folder.config, config);
  return folder;
}

const validation = (stage: string, step: number) =>
  `${JSON.stringify({ stage, step, steps: 20, loss: 1, learningRate: 1, score: 50, best: 50, seconds: 1 })}\n`;

test('one that was stopped says by whom and where, and how it goes on', async () => {
  const folder = begun('a b');
  const stop = AbortSignal.abort(new StopRequest('SIGHUP'));
  const place = { stage: 'retrain', step: 7, steps: 20 };
  await writeOutcome(folder, { ...outcomeOf(new InterruptedError(), stop), place });
  const standing = standingOf(folder);
  assert.equal(standing.state, 'stopped');
  assert.equal(standingText(standing), 'stopped by SIGHUP in the training, after step 7 of 20');
  assert.equal(commandToGoOn(folder, standing), `s3delta search --resume --out '${folder.path}'`);
});

test('one that has failed says why; a divergence goes on nowhere, and says how to start anew', async () => {
  const folder = begun('diverged', 'task: films\nmethod: lora\nlr: 0.003\n');
  const error = new DivergedError('the loss is not finite at step 3', { code: 'diverged' });
  await writeOutcome(folder, outcomeOf(error, undefined));
  const standing = standingOf(folder);
  assert.equal(standingText(standing), 'failed: the loss is not finite at step 3');
  const anew = `s3delta train ${folder.config} --lr 0.001 --out ${folder.path}-2`;
  assert.equal(commandToGoOn(folder, standing), anew);
  assert.equal(unfinished(folder, standing, 'has no result yet').remedy, `start anew with: ${anew}`);
  assert.throws(
    () => requireNotDiverged(folder),
    (thrown: InputError) => thrown instanceof InputError && thrown.remedy!.endsWith(anew),
  );
  assert.throws(
    () => requireTrained(folder),
    (thrown: InputError) => thrown.code === 'unfinished-run' && thrown.remedy === `start anew with: ${anew}`,
  );
});

test('one whose process is no more and left no word was killed, wherever it stood: never finished', () => {
  const folder = begun('killed');
  assert.equal(standingOf(folder).state, 'killed');
  writeFileSync(folder.metrics, validation('search', 10));
  assert.deepEqual(standingOf(folder).place, { stage: 'search', step: 10, steps: 20 });
  // Its search is over, and no state of the re-training was saved yet.
  writeFileSync(folder.result, JSON.stringify({ task: 'films' }));
  assert.equal(standingText(standingOf(folder)).startsWith('killed in the training: '), true);
  writeFileSync(folder.metrics, validation('search', 10) + validation('retrain', 5));
  assert.match(standingText(standingOf(folder)), /^killed in the training, after step 5 of 20: its process is no more/);
});

test('a run of an early version is finished where it has its score, or was to have none', () => {
  const folder = begun('early');
  writeFileSync(folder.result, JSON.stringify({ score: {} }));
  assert.equal(standingOf(folder).state, 'finished');
  const searched = begun('searched', 'task: films\nretrain: false\n');
  writeFileSync(searched.result, JSON.stringify({}));
  assert.equal(standingOf(searched).state, 'finished');
  assert.throws(() => requireTrained(searched), /trained none of it/);
});

test('while a process works on it, it is at work, whatever was left before', async () => {
  const folder = begun('held');
  await writeOutcome(folder, { ended: 'failed' });
  await whileHolding(folder, async () => assert.equal(standingOf(folder).state, 'running'));
  assert.equal(standingOf(folder).state, 'failed');
  writeFileSync(folder.outcome, '{"ended":');
  assert.equal(standingOf(folder).state, 'killed');
  assert.ok(existsSync(folder.outcome) && readFileSync(folder.outcome, 'utf8') !== '');
  rmSync(folder.path, { recursive: true });
});

test('a finished run of which a file is gone says which, and how it comes back', async () => {
  const folder = begun('lost');
  await writeOutcome(folder, { ended: 'finished' });
  const again = `s3delta search ${folder.config} --out ${folder.path}-2`;
  assert.throws(
    () => requireTrained(folder),
    (thrown: InputError) => thrown.where === folder.delta && thrown.remedy!.endsWith(again),
  );
  const { where, message } = unfinished(folder, standingOf(folder), 'has no result yet');
  assert.equal(where, folder.result);
  assert.match(message, /finished, but this file of it is not there any more/);
  // What stands in the place of the word that a run leaves holds up nobody.
  rmSync(folder.outcome);
  mkdirSync(folder.outcome);
  await removeOutcome(folder);
  assert.equal(existsSync(folder.outcome), false);
});

test('a slip of the pen is not mended by a third of it', async () => {
  for (const [model, rate] of [
    ['mini', '0.05'],
    ['./t5-base', '0.003'],
  ]) {
    const folder = begun(`slip-${rate}`, `task: films\nmodel: ${model}\nlr: 100\n`);
    await writeOutcome(folder, outcomeOf(new DivergedError('not finite', { code: 'diverged' }), undefined));
    assert.match(commandToGoOn(folder, standingOf(folder))!, new RegExp(` --lr ${rate} `));
  }
});
