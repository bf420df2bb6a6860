import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerKindOf } from '../../src/models/codec.ts';
import { changedModel, type Model } from '../../src/models/model.ts';
import { loadTask } from '../../src/tasks/tasks.ts';

test('a task asks for a class, a number, a text, or one of the choices that each example gives', async () => {
  const kindOf = async (name: string) => answerKindOf(await loadTask(name));
  assert.deepEqual(await kindOf('mnli'), {
    kind: 'class',
    classes: 3,
    labels: ['entailment', 'neutral', 'contradiction'],
  });
  assert.deepEqual(await kindOf('stsb'), { kind: 'number' });
  assert.deepEqual(await kindOf('copa'), { kind: 'choice' });
  assert.deepEqual(await kindOf('record'), { kind: 'choice' });
  assert.deepEqual(answerKindOf({}), { kind: 'text' });
});

test('what is changed of a model is changed of every model that is made of it', async () => {
  const made = (name: string): Model =>
    ({ name, answering: async () => made('by kind'), forTask: async () => made('for a task') }) as unknown as Model;
  const changed = changedModel(made('first'), ({ name }) => ({ name: `${name}, changed` }));
  assert.equal(changed.name, 'first, changed');
  assert.equal((await changed.answering({ kind: 'text' })).name, 'by kind, changed');
  assert.equal((await (await changed.answering({ kind: 'text' })).forTask({})).name, 'for a task, changed');
});
