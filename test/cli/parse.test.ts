import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArgsDef } from 'citty';
import { describeFailure } from '../../src/cli/failure.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { withResumeHint } from '../../src/cli/resume-hint.ts';
import { InputError, InterruptedError } from '../../src/errors.ts';

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

test('exit codes: 2 with a remedy and no stack for a mistake, 130 for an interruption, 1 with a stack for ours', () => {
  const mistake = describeFailure(new InputError('wrong', { where: 'file:3', remedy: 'mend it' }));
  assert.deepEqual(mistake, { exitCode: 2, lines: ['error: file:3: wrong', '→ mend it'] });
  assert.deepEqual(describeFailure(new InterruptedError('stopped')), { exitCode: 130, lines: ['stopped'] });
  const ours = describeFailure(new Error('bug'));
  assert.equal(ours.exitCode, 1);
  assert.match(ours.lines[0]!, /bug\n\s+at /);
  assert.equal(describeFailure('text').lines[0], 'text');
});

test('an interruption says how to go on, in words that can be pasted into a shell', async () => {
  const stopped = withResumeHint('train', "my run's", Promise.reject(new InterruptedError('stopped')));
  await assert.rejects(stopped, {
    name: 'InterruptedError',
    message: "stopped\n→ go on with: s3delta train --resume --out 'my run'\\''s'",
  });
  await assert.rejects(withResumeHint('search', 'runs/a', Promise.reject(new InputError('wrong'))), {
    message: 'wrong',
  });
  assert.equal(await withResumeHint('search', 'runs/a', Promise.resolve(3)), 3);
});
