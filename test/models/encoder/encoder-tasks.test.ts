import assert from 'node:assert/strict';
import { it } from 'node:test';
import { encodeTask } from '../../../src/library/encode-task.ts';
import { scoreSplit } from '../../../src/library/scoring.ts';
import { loadModel } from '../../../src/models/load-model.ts';
import { defaultDataFolder } from '../../../src/tasks/task-places.ts';
import { loadTaskData, tasks } from '../../../src/tasks/tasks.ts';
import { fixturePath } from '../../witness/fixtures.ts';

const model = await loadModel(fixturePath('tiny-bert'), { threads: 1 });
const data = defaultDataFolder();

for (const task of tasks) {
  it(`a BERT reads, trains and answers ${task.name} by a head`, async t => {
    if (task.find(data) === undefined) return t.skip(`the data of ${task.name} are not in ${data}`);
    const all = await loadTaskData(task, { data, seed: 0 });
    const few = {
      ...all,
      train: all.train.slice(0, 12),
      validation: all.validation.slice(0, 6),
      test: all.test.slice(0, 6),
    };
    const answering = await model.forTask(task);
    const encoded = await encodeTask(answering, task, few, { 'max-length': 32 });
    for (const { output } of encoded.train) {
      assert.ok('class' in output ? output.class >= 0 : 'value' in output, JSON.stringify(output));
    }
    const program = await answering.compile([]);
    const delta = program.initialDelta(1);
    const { loss, delta: gradient } = await program.lossAndGradients(encoded.train.slice(0, 6), delta);
    assert.ok(loss > 0 && gradient.some(value => value !== 0), `loss ${loss}`);
    const score = await scoreSplit(program, encoded.validation, encoded.scoring, { delta });
    assert.ok(score >= -100 && score <= 100, `score ${score}`);
    await program.release();
  });
}
