import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { search } from '../../src/cli/commands/tune-commands.ts';
import { readExperimentSettings } from '../../src/cli/experiment-args.ts';
import { readSettings } from '../../src/cli/settings-args.ts';
import { settingKeys } from '../../src/config/settings.ts';
import { InputError } from '../../src/core/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-agree-'));
after(() => rmSync(folder, { recursive: true }));
const task = { model: 'mini', task: 'rte', out: 'never' };
const ofRun = (args: object) => readSettings({ ...task, ...args }, settingKeys);
const ofComparison = (args: object) => readExperimentSettings({ ...task, ...args }, builtIn).settings;

const refusal = (where: string, remedy: RegExp) => (error: unknown) =>
  error instanceof InputError &&
  error.code === 'conflicting-settings' &&
  error.where === where &&
  remedy.test(error.remedy!);

const contradicting: readonly (readonly [object, string, RegExp])[] = [
  [{ 'alpha-lr': '0.1', 'alpha-travel': '3' }, '--alpha-lr, --alpha-travel', /leave one of them out/],
  [{ retrain: false, 'random-baseline': true }, '--no-retrain, --random-baseline', /leave one of them out/],
  [{ finalists: '1', 'finalist-steps': '5' }, '--finalists, --finalist-steps', /--finalists` 2 or more/],
  [{ against: 'lora' }, '--against, --score-within', /add `--score-within`/],
];
for (const [args, where, remedy] of contradicting) {
  test(`${where}: of what is said one would be passed over, and both are named`, async () => {
    assert.throws(() => ofRun(args), refusal(where, remedy));
    await assert.rejects(
      search.run({ ...task, ...args }, { catalogue: builtIn } as Parameters<typeof search.run>[1]),
      refusal(where, remedy),
    );
  });
}

test('a comparison refuses what it has of them, too', () => {
  for (const [args, where, remedy] of contradicting.filter(([args]) => !('retrain' in args))) {
    assert.throws(() => ofComparison(args), refusal(where, remedy));
  }
  assert.equal(ofComparison({ against: 'lora', 'score-within': '1%' }).against, 'lora');
});

test('what agrees is taken, and so is what a preset or a config file says beside it', () => {
  const file = join(folder, 'run.yaml');
  writeFileSync(file, 'alpha-lr: 0.1\nfinalists: 1\nrandom-baseline: true\n');
  const given = { config: file, 'alpha-travel': '3', 'finalist-steps': '5', retrain: false };
  assert.equal(ofRun(given)['alpha-travel'], 3);
  // The paper's values are one finalist and a rate of 0.1.
  assert.equal(ofRun({ paper: true, 'alpha-travel': '3', 'finalist-steps': '5' })['finalist-steps'], 5);
  assert.equal(ofRun({ finalists: '2', 'finalist-steps': '5' }).finalists, 2);
  assert.equal(ofRun({ retrain: true, 'random-baseline': true })['random-baseline'], true);
  // Help says that finalists say nothing there.
  assert.equal(ofRun({ objective: 'l0', finalists: '4' }).finalists, 4);
});
