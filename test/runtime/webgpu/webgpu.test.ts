import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exportModel } from '../../../src/library/export-model.ts';
import { listSpace } from '../../../src/structure/spaces.ts';
import { freshFolder, loadTiny, task, trained } from '../../export/support.ts';
import { buildCase, feedsOf } from '../../graph/built-case.ts';
import { opCases } from '../../graph/cases.ts';
import { evaluate } from '../../graph/reference.ts';
import { kitCases } from '../../models/kit/cases.ts';
import { distance, length } from '../../witness/fixtures.ts';
import { type Answers, ask, askExported, type Question } from './answers.ts';
import { environment, skip } from './vulkan.ts';
import type { ProfiledNode, Reply, Request } from './worker.ts';

/** What is computed of the sizes of a batch, which are small and not known before it comes: ONNX Runtime keeps it on the CPU. */
const bookkeeping: Readonly<Record<string, string>> = {
  Concat: 'puts extents together to a shape, for Reshape and Expand',
  Mul: 'multiplies extents, batch by length',
};

const questions: readonly Question[] = [
  // Answers by greedy search take half a minute in software: one T5 gives them, and both their gradients.
  { model: 'tiny-t5', modules: 'mixed', everything: false },
  { model: 'tiny-t5-v1_1', modules: 'mixed', everything: true },
  { model: 'tiny-t5', modules: 'fine-tuning', everything: false },
  { model: 'tiny-t5-v1_1', modules: 'adapter', everything: false },
  { model: 'tiny-t5-float16', modules: 'mixed', everything: false },
  { model: 'tiny-t5-bfloat16', modules: 'mixed', everything: false },
  { model: 'tiny-bert', modules: 'mixed', everything: false },
  { model: 'tiny-mpnet', modules: 'mixed', everything: false },
  { model: 'tiny-modernbert', modules: 'mixed', everything: false },
];

const WEBGPU = 'WebGpuExecutionProvider';

function assertAlike(actual: Answers, expected: Answers): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const error = distance(actual[name]!, values) / length(values);
    assert.ok(error < 1e-3, `${name} differs by ${error}`);
  }
}

describe('the WebGPU device, in software', { skip }, () => {
  let worker: ChildProcess;
  let ended: Promise<never>;
  const profile: ProfiledNode[] = [];
  let open = 0;

  before(() => {
    worker = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), {
      env: environment,
      serialization: 'advanced',
    });
    ended = once(worker, 'exit').then(([code, signal]) => {
      throw new Error(`the worker ended with ${signal ?? code}`);
    });
    // At the end it may.
    ended.catch(() => {});
  });
  after(() => worker.disconnect());

  async function request(asked: Request): Promise<Reply> {
    worker.send(asked);
    const reply = new Promise<Reply>(resolve => worker.once('message', message => resolve(message as Reply)));
    return Promise.race([reply, ended]);
  }

  for (const question of questions) {
    const { model, modules, everything } = question;
    it(`gives the CPU's ${everything ? 'answers' : 'gradients'}: ${model}, ${modules}`, async () => {
      const reply = await request({ type: 'question', ...question });
      const { answers, nodes } = reply;
      profile.push(...nodes);
      open = reply.open;
      const expected = await ask(question, 'cpu');
      assertAlike(answers, expected);
    });
  }

  it("gives the CPU's answers: an exported model, of whose nodes those of int64 alone fall to the CPU", async () => {
    const model = await loadTiny('tiny-t5-v1_1');
    const folder = freshFolder();
    await exportModel(model, trained(model, listSpace(model.sites, 'mixed')), { format: 'onnx', out: folder, task });
    const { answers, nodes } = await request({ type: 'exported', folder });
    assertAlike(answers, await askExported(folder, 'cpu'));
    const elsewhere = nodes.filter(({ provider }) => provider !== WEBGPU);
    assert.deepEqual(
      elsewhere.filter(({ types }) => types.some(type => type !== 'int64')),
      [],
    );
    assert.ok(nodes.length > 2 * elsewhere.length);
  });

  it('stays open while a model is held, whose programs are all released', () => {
    assert.ok(open > 0);
  });

  it('computes every node but those of shapes', () => {
    const onDevice = new Set(profile.filter(({ provider }) => provider === WEBGPU).map(({ op }) => op));
    for (const op of ['Gemm', 'MatMul', 'Softmax', 'Gelu', 'Relu', 'ScatterND', 'ScatterElements', 'ArgMax', 'Split']) {
      assert.ok(onDevice.has(op), `${op} was not computed at all`);
    }
    const elsewhere = profile.filter(({ provider }) => provider !== WEBGPU);
    const isOfShapes = ({ op, types }: ProfiledNode) =>
      Object.hasOwn(bookkeeping, op) && types.every(type => type === 'int64');
    const fallen = new Set(elsewhere.filter(node => !isOfShapes(node)).map(({ op, types }) => `${op}(${types})`));
    assert.deepEqual([...fallen], [], 'these nodes fell to the CPU');
  });

  it('computes every operation and part of a model, and its derivatives, as the reference', async () => {
    for (const test of [...opCases, ...kitCases]) {
      const { graph } = buildCase(test);
      const reference = evaluate(graph, feedsOf(test));
      const { answers, nodes } = await request({ type: 'operation', name: test.name });
      const fallen = nodes.filter(({ provider, types }) => provider !== WEBGPU && types.some(type => type !== 'int64'));
      assert.deepEqual(fallen, [], `${test.name}: these nodes fell to the CPU`);
      for (const output of graph.outputs) {
        const { data } = reference.get(output)!;
        const error = distance(answers[output.name]!, data) / Math.max(1, length(data));
        assert.ok(error < 1e-4, `${test.name}: ${output.name} differs by ${error}`);
      }
    }
  });
});
