import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import fc from 'fast-check';
import { type ArgsDef, type ParsedArgs, parseArguments } from '../../src/cli/parse.ts';
import { readSettings } from '../../src/cli/settings-args.ts';
import { InputError } from '../../src/core/errors.ts';

const description = '';
const definitions: ArgsDef = {
  config: { type: 'positional', required: false, description },
  lr: { type: 'string', description },
  'batch-size': { type: 'string', description },
  retrain: { type: 'boolean', description },
};

test('flags, values and the positional argument are read in any order and both notations', () => {
  const parsed = parseArguments(['--lr', '3e-4', 'run.yaml', '--batch-size=8', '--no-retrain'], definitions);
  assert.equal(parsed.lr, '3e-4');
  assert.equal(parsed['batch-size'], '8');
  assert.equal(parsed.retrain, false);
  assert.equal(parsed.config, 'run.yaml');
  assert.equal(parseArguments([], definitions).retrain, undefined);
});

test('a value may be a negative number, and hold an equals sign', () => {
  assert.equal(parseArguments(['--lr', '-0.5'], definitions).lr, '-0.5');
  assert.equal(parseArguments(['--lr', '-.5'], definitions).lr, '-.5');
  assert.equal(parseArguments(['--lr=-x=y'], definitions).lr, '-x=y');
});

test('of a flag that is given twice the last one counts, a switch may be written out', () => {
  assert.equal(parseArguments(['--lr', '1', '--lr=2'], definitions).lr, '2');
  assert.equal(parseArguments(['--no-retrain', '--retrain'], definitions).retrain, true);
  assert.equal(parseArguments(['--retrain', '--no-retrain'], definitions).retrain, false);
  assert.equal(parseArguments(['--retrain=false'], definitions).retrain, false);
  assert.equal(parseArguments(['--retrain=true'], definitions).retrain, true);
});

test('after `--` nothing is a flag', () => {
  const parsed = parseArguments(['--lr', '1', '--', '--lr.yaml'], definitions);
  assert.deepEqual([parsed.lr, parsed.config], ['1', '--lr.yaml']);
});

for (const [rawArgs, what] of [
  [['--batch-sise', '8'], /did you mean `--batch-size`/],
  [['-lr', '8'], /`--lr`/],
  [['--no-lr'], /--help|--lr/],
  [['--lr'], /write --lr VALUE/],
  [['--lr='], /write --lr VALUE/],
  [['--lr', '--retrain'], /write --lr VALUE before --retrain/],
  [['--lr', '--', 'a.yaml'], /write --lr VALUE/],
  [['--retrain=maybe'], /write --retrain or --no-retrain/],
  [['--no-retrain=maybe'], /write --retrain or --no-retrain/],
  [['--config=a.yaml'], /--help/],
  [['-12.5'], /`--`/],
  [['a.yaml', 'b.yaml'], /--/],
] as const) {
  test(`${rawArgs.join(' ')} is refused with a remedy`, () => {
    assert.throws(
      () => parseArguments(rawArgs, definitions),
      (error: InputError) => error instanceof InputError && what.test(error.remedy!),
    );
  });
}

test('a positional argument that is needed and missing is told', () => {
  assert.throws(() => parseArguments([], { run: { type: 'positional', description } }), InputError);
});

test('whatever the arguments are, they are read or refused with a message', () => {
  const names = [
    '--lr',
    '--lr=1',
    '--no-retrain',
    '--__proto__=1',
    '--constructor',
    '--no-constructor',
    '-x',
    '--',
    '-',
    '-5',
  ];
  const argument = fc.oneof(fc.constantFrom(...names, '__proto__', '\0', '='), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 5 }), rawArgs => {
      try {
        readSettings(parseArguments(rawArgs, definitions), ['lr', 'batch-size', 'retrain']);
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
      }
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test('a flag of a path knows the home folder in both notations; a text does not', () => {
  const paths: ArgsDef = {
    out: { type: 'string', valueHint: 'FOLDER', description: '' },
    file: { type: 'string', valueHint: 'FILE', description: '' },
    label: { type: 'string', valueHint: 'COLUMN', description: '' },
    text: { type: 'positional', required: false, description: '' },
  };
  const { out, file, label, text } = parseArguments(['--out=~/a', '--file', '~', '--label=~/c', '~/d'], paths);
  assert.deepEqual([out, file, label, text], [`${homedir()}/a`, homedir(), '~/c', '~/d']);
});

test('passes that a flag gives say how long a search is, where the file leaves that to its training', () => {
  const config = join(mkdtempSync(join(tmpdir(), 's3delta-parse-')), 'config.yaml');
  const keys = ['epochs', 'search-steps'] as const;
  const read = (text: string, args: ParsedArgs) => {
    writeFileSync(config, text);
    return readSettings({ config, ...args }, keys);
  };
  const byTraining = 'epochs: 4\nsearch-steps: auto\n';
  assert.deepEqual(read(byTraining, {}), { epochs: 4, 'search-steps': 'auto' });
  assert.deepEqual(read(byTraining, { epochs: '2' }), { epochs: 2 });
  assert.deepEqual(read(byTraining, { epochs: '2', 'search-steps': '9' }), { epochs: 2, 'search-steps': 9 });
  assert.deepEqual(read('search-steps: 50\n', { epochs: '2' }), { epochs: 2, 'search-steps': 50 });
});
