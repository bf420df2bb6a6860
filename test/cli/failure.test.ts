import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFailure } from '../../src/cli/process-end.ts';
import { InputError, InterruptedError, StopRequest, StorageError } from '../../src/core/errors.ts';

const full = new StorageError('the disk is full', { where: 'run/a', code: 'ENOSPC', remedy: 'free some space' });

/** What a person sees of a failure. */
function told(error: unknown) {
  const { exitCode, lines } = describeFailure(error);
  return { exitCode, lines };
}

test('a mistake and a refusal of the machine are a message with its remedy, of different exit codes', () => {
  const wrong = new InputError('no value', { code: 'missing-value', where: '--lr', remedy: 'give one' });
  assert.deepEqual(told(wrong), { exitCode: 2, lines: ['error: --lr: no value', '→ give one'] });
  assert.deepEqual(told(new InputError('no value', { code: 'missing-value' })), {
    exitCode: 2,
    lines: ['error: no value'],
  });
  const lines = ['error: run/a: the disk is full', '→ free some space'];
  assert.deepEqual(told(full), { exitCode: 1, lines });
});

test('an interruption is told, and a bug shows where it happened', () => {
  assert.deepEqual(describeFailure(new InterruptedError('after step 3')), { exitCode: 130, lines: ['after step 3'] });
  for (const [by, exitCode] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['the end of the program that started it', 130],
  ] as const) {
    const stopped = AbortSignal.abort(new StopRequest(by));
    assert.equal(describeFailure(new InterruptedError(), stopped).exitCode, exitCode, by);
  }
  const { exitCode, lines } = describeFailure(new TypeError('bug'));
  assert.equal(exitCode, 1);
  assert.match(lines[0]!, /TypeError: bug\n\s+at .*failure\.test/);
  assert.deepEqual(describeFailure('text'), { exitCode: 1, lines: ['text'] });
});

test('a failure that the user can mend is a document for scripts, too', () => {
  const wrong = new InputError('no value', { code: 'missing-value', where: '--lr', remedy: 'give one' });
  const error = { code: 'missing-value', message: 'no value', where: '--lr', remedy: 'give one' };
  assert.deepEqual(describeFailure(wrong).document, { error });
  assert.equal(describeFailure(full).document!.error.code, 'ENOSPC');
  assert.equal(describeFailure(new TypeError('bug')).document, undefined);
});
