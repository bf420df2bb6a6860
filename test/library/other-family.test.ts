import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import type { Example, Output } from '../../src/data/example.ts';
import { encodeTask, type TaskDescription } from '../../src/library/encode-task.ts';
import { evaluate } from '../../src/library/evaluate.ts';
import { predict } from '../../src/library/predict.ts';
import { runToEnd } from '../../src/library/run-to-end.ts';
import { searchStructure } from '../../src/library/search-structure.ts';
import { manualStructure } from '../../src/library/structures.ts';
import { tune } from '../../src/library/tune.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { planSearch } from '../../src/plan/plan.ts';
import { toy } from '../models/toy/toy-family.ts';
import { fixturePath } from '../witness/fixtures.ts';

/** A family that writes no text goes the whole way: what the library does with it is what it does with any. */
const model = await loadModel(fixturePath('toy-one'), { threads: 1, families: { toy } });

const stage = { batchSize: 4, epochs: 8, evaluateEvery: 4 };
const settings = { budget: '100%', seed: 1, order: 'first', lr: 0.05 } as const;
const shared = { maxSourceLength: 24, presets: { search: stage, retrain: stage } };

/** `count` remarks, every second one praise, with what there is to answer. */
const remarks = (count: number, outputOf: (isPraise: boolean) => Output): Example[] =>
  Array.from({ length: count }, (_, i) => ({
    input: [
      { name: 'remark', text: `a ${i % 2 === 0 ? 'bad' : 'good'} film` },
      ...['dull', 'fine'].map(text => ({ name: 'verdict', text, choice: true })),
    ],
    output: outputOf(i % 2 === 1),
    line: i + 1,
  }));

const kinds: Readonly<Record<string, [TaskDescription, (isPraise: boolean) => Output]>> = {
  class: [{ name: 'c', metric: 'accuracy', labels: ['pan', 'praise'], ...shared }, isPraise => ({ class: +isPraise })],
  number: [
    { name: 'n', metric: 'pearson', labels: undefined, numbers: true, ...shared },
    isPraise => ({ value: +isPraise, spelled: String(+isPraise) }),
  ],
  choice: [
    { name: 'o', metric: 'accuracy', labels: undefined, choices: true, ...shared },
    isPraise => ({ text: isPraise ? 'fine' : 'dull' }),
  ],
};

for (const [kind, [task, outputOf]] of Object.entries(kinds)) {
  test(`an encoder is searched, tuned, scored and asked by its head: ${kind}`, async () => {
    const answering = await model.forTask(task);
    assert.ok(answering.heads.length > 0);
    const examples = (count: number) => remarks(count, outputOf);
    const sets = { train: examples(24), validation: examples(8), test: examples(6), note: '' };
    const data = await encodeTask(answering, task, sets, settings);
    assert.equal(data.scoring.answers, 'choose');
    assert.deepEqual([data.inputs.all, data.inputs.cut], [38, 0]);

    const { structure } = await runToEnd(searchStructure(answering, data, { ...settings, 'max-steps': 4 }));
    assert.ok(structure.modules.some(({ kept }) => kept));
    const tuned = await runToEnd(tune(answering, manualStructure(answering, 'lora'), data, settings));
    assert.ok((await evaluate(answering, tuned, data)) > 95);

    const [pan, praise] = await predict(
      answering,
      tuned,
      examples(2).map(({ input }) => input),
      { task },
    );
    const [wantedPan, wantedPraise] = data.test.targets;
    if (kind === 'number') assert.ok(Number(pan!.answer) < Number(praise!.answer));
    else assert.deepEqual([pan!.answer, praise!.answer], [wantedPan, wantedPraise]);
    assert.equal(praise!.probability === undefined, kind === 'number');

    const plan = await planSearch(answering, data, settings, { timing: false });
    assert.ok(plan.stages.every(({ generationBytes }) => generationBytes > 0));
  });
}

test('a fresh head of numbers begins at their mean, so neither a training nor a search has to learn it', async () => {
  const [task] = kinds.number!;
  // Its own head is of three classes.
  const answering = await (await loadModel(fixturePath('toy'), { threads: 1, families: { toy } })).forTask(task);
  const far = (count: number) =>
    remarks(count, isPraise => ({ value: 100 + +isPraise, spelled: String(100 + +isPraise) }));
  const sets = { train: far(24), validation: far(8), test: far(6), note: '' };
  const data = await encodeTask(answering, task, sets, settings);
  const firstLoss = async (events: AsyncIterable<object>) => {
    for await (const event of events) {
      if ('loss' in event && typeof event.loss === 'number') return event.loss;
    }
    throw new Error('no step');
  };
  const fewSteps = { ...settings, budget: '100', 'max-steps': 1 };
  for (const events of [
    searchStructure(answering, data, fewSteps),
    tune(answering, manualStructure(answering, 'lora'), data, fewSteps),
  ]) {
    const loss = await firstLoss(events);
    // From 0 it would be some 100².
    assert.ok(loss < 2, String(loss));
  }
});

test('what it cannot do is refused: to write', async () => {
  const [task, outputOf] = kinds.class!;
  const sets = { train: remarks(4, outputOf), validation: remarks(2, outputOf), test: remarks(2, outputOf), note: '' };
  await assert.rejects(encodeTask(await model.forTask(task), task, sets, { answers: 'generate' }), InputError);
  await assert.rejects(model.forTask({ name: 'free' }), InputError);
});
