import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { test } from 'node:test';
import type { ArgsDef } from 'citty';
import fc from 'fast-check';
import { parseArguments } from '../../src/cli/parse.ts';
import { readSettings } from '../../src/cli/settings-args.ts';
import { InputError } from '../../src/errors.ts';

const definitions: ArgsDef = {
  config: { type: 'positional', required: false },
  lr: { type: 'string' },
  'batch-size': { type: 'string' },
  retrain: { type: 'boolean' },
};

test('flags, values and the positional argument are read in any order and both notations', () => {
  const parsed = parseArguments(['--lr', '3e-4', 'run.yaml', '--batch-size=8', '--no-retrain'], definitions);
  assert.equal(parsed.lr, '3e-4');
  assert.equal(parsed['batch-size'], '8');
  assert.equal(parsed.retrain, false);
  assert.equal(parsed.config, 'run.yaml');
  assert.equal(parseArguments([], definitions).retrain, undefined);
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
  assert.throws(() => parseArguments([], { run: { type: 'positional', required: true } }), InputError);
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
    out: { type: 'string', valueHint: 'FOLDER' },
    file: { type: 'string', valueHint: 'FILE' },
    label: { type: 'string', valueHint: 'COLUMN' },
    text: { type: 'positional', required: false },
  };
  const { out, file, label, text } = parseArguments(['--out=~/a', '--file', '~', '--label=~/c', '~/d'], paths);
  assert.deepEqual([out, file, label, text], [`${homedir()}/a`, homedir(), '~/c', '~/d']);
});
