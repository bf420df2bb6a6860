import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFailure } from '../../src/cli/failure.ts';
import { withResumeHint } from '../../src/cli/resume-hint.ts';
import { InputError, InterruptedError, StorageError } from '../../src/errors.ts';

const full = new StorageError('the disk is full', { where: 'run/a', code: 'ENOSPC', remedy: 'free some space' });

test('a mistake and a refusal of the machine are a message with its remedy, of different exit codes', () => {
  const wrong = new InputError('no value', { where: '--lr', remedy: 'give one' });
  assert.deepEqual(describeFailure(wrong), { exitCode: 2, lines: ['error: --lr: no value', '→ give one'] });
  assert.deepEqual(describeFailure(new InputError('no value')), { exitCode: 2, lines: ['error: no value'] });
  const lines = ['error: run/a: the disk is full', '→ free some space'];
  assert.deepEqual(describeFailure(full), { exitCode: 1, lines });
});

test('an interruption is told, and a bug shows where it happened', () => {
  assert.deepEqual(describeFailure(new InterruptedError('after step 3')), { exitCode: 130, lines: ['after step 3'] });
  const { exitCode, lines } = describeFailure(new TypeError('bug'));
  assert.equal(exitCode, 1);
  assert.match(lines[0]!, /TypeError: bug\n\s+at .*failure\.test/);
  assert.deepEqual(describeFailure('text'), { exitCode: 1, lines: ['text'] });
});

test('how to go on is said after an interruption and after a full disk, and after nothing else', async () => {
  const hint = (error: Error) =>
    withResumeHint('train', "it's here", Promise.reject(error)).then(assert.fail, error => error);
  const goOn = "go on with: s3delta train --resume --out 'it'\\''s here'";
  assert.equal(((await hint(new InterruptedError('stopped'))) as Error).message, `stopped\n→ ${goOn}`);
  const { message, remedy, code, where } = (await hint(full)) as StorageError;
  assert.deepEqual([message, remedy], ['run/a: the disk is full', `free some space, then ${goOn}`]);
  assert.deepEqual([code, where], ['ENOSPC', 'run/a']);
  const bug = new TypeError('bug');
  assert.equal(await hint(bug), bug);
  assert.equal(await withResumeHint('search', 'run', Promise.resolve(5)), 5);
});
