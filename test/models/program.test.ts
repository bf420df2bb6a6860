import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { neededNodes } from '../../src/graph/schedule.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { example, inputsOf } from '../encoded.ts';

const tiny = await loadModel(fileURLToPath(new URL('../fixtures/tiny-t5', import.meta.url)), { threads: 1 });
const batch = [
  example([5, 9, 12, 1], [8, 1]),
  example(
    Array.from({ length: 21 }, (_, i) => 3 + i),
    [9, 30, 1],
  ),
];
const none = new Float32Array(0);

describe('a program', () => {
  it('gives the frozen model where every delta is at its initial value', async () => {
    const bare = await tiny.compile([]);
    const adapted = await tiny.compile(listSpace(tiny.sites, 'lora'));
    const expected = await bare.logits(batch, none);
    const actual = await adapted.logits(batch, adapted.initialDelta(3));
    assert.deepEqual(actual.shape, expected.shape);
    for (const [i, value] of expected.data.entries()) assert.ok(Math.abs(value - actual.data[i]!) < 1e-5);
    await Promise.all([bare.release(), adapted.release()]);
  });

  it('with all gates at 1 equals itself without gates, and at 0 is the frozen model', async () => {
    const modules = listSpace(tiny.sites, 'wide');
    const [program, bare] = await Promise.all([tiny.compile(modules), tiny.compile([])]);
    const delta = program.initialDelta(1).map((value, i) => value + 0.02 * Math.sin(i));
    const open = new Float32Array(modules.length).fill(1);
    const shut = new Float32Array(modules.length);
    const close = (a: number, b: number) =>
      assert.ok(Math.abs(a - b) < 2e-5 * Math.max(1, Math.abs(b)), `${a} against ${b}`);
    const [one, two] = [
      await program.lossAndGradients(batch, delta),
      await program.lossAndGradients(batch, delta, open),
    ];
    close(one.loss, two.loss);
    for (const [i, value] of one.delta.entries()) close(two.delta[i]!, value);
    assert.equal(one.gates.length, 0);
    assert.equal(two.gates.length, modules.length);
    close((await program.lossAndGradients(batch, delta, shut)).loss, (await bare.lossAndGradients(batch, none)).loss);
    await Promise.all([program.release(), bare.release()]);
  });

  it('gives the same loss and gradients with sub-layers computed again, and with weights as they lie', async () => {
    const { folder } = tiny;
    const modules = listSpace(tiny.sites, 'wide');
    const gates = Float32Array.from(modules, (_, i) => 0.2 + 0.6 * ((i * 0.618) % 1));
    const program = await tiny.compile(modules);
    const delta = program.initialDelta(1).map((value, i) => value + 0.02 * Math.sin(i));
    const expected = await program.lossAndGradients(batch, delta, gates);
    await program.release();
    const scale = Math.max(...expected.delta.map(Math.abs));
    for (const lever of [{ recompute: true }, { prepack: false }, { recompute: true, prepack: false }]) {
      const model = await loadModel(folder, { threads: 1, ...lever });
      const other = await model.compile(modules);
      const actual = await other.lossAndGradients(batch, delta, gates);
      await other.release();
      assert.ok(Math.abs(actual.loss - expected.loss) < 1e-5, JSON.stringify(lever));
      for (const [i, value] of expected.delta.entries()) assert.ok(Math.abs(actual.delta[i]! - value) < 1e-5 * scale);
    }
  });

  it('computes the bulk of the nodes of its sub-layers twice where it is to hold less', () => {
    const products = (recompute: boolean) =>
      neededNodes(tiny.graphs(listSpace(tiny.sites, 'wide'), { recompute }).training).filter(
        ({ op }) => op === 'Gemm' || op === 'FusedMatMul',
      ).length;
    assert.ok(products(true) > 1.2 * products(false));
  });

  it('has the mixed derivative that central differences over a gate find', async () => {
    const gelu = await loadModel(fileURLToPath(new URL('../fixtures/tiny-t5-v1_1', import.meta.url)), { threads: 1 });
    const modules = listSpace(gelu.sites, 'wide');
    const program = await gelu.compile(modules);
    const delta = program.initialDelta(1).map((value, i) => value + 0.05 * Math.sin(i));
    const gates = Float32Array.from(modules, (_, i) => 0.3 + 0.4 * ((i * 0.618) % 1));
    const direction = (await program.lossAndGradients(batch, delta, gates)).delta;
    const found = await program.mixedDerivative(batch, delta, gates, direction);
    assert.equal(found.length, modules.length);
    const largest = Math.max(...found.map(Math.abs));
    // ⟨∂loss/∂w, v⟩ at two values of one gate.
    const along = async (gate: number, h: number) => {
      const { delta: gradient } = await program.lossAndGradients(batch, delta, gates.with(gate, gates[gate]! + h));
      return gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    };
    for (let gate = 0; gate < modules.length; gate += 9) {
      const difference = ((await along(gate, 0.01)) - (await along(gate, -0.01))) / 0.02;
      assert.ok(Math.abs(difference - found[gate]!) < 2e-3 * largest, `${modules[gate]!.id}: ${difference}`);
    }
    await assert.rejects(program.mixedDerivative(batch, delta, gates, none), /direction vector has 0 numbers/);
    const bare = await gelu.compile([]);
    assert.deepEqual(await bare.mixedDerivative(batch, none, none, none), none);
    await Promise.all([program.release(), bare.release()]);
  });

  it('does not let padding or the other rows of a batch change a row', async () => {
    const program = await tiny.compile([]);
    const together = await program.logits(batch, none);
    const alone = await program.logits([batch[0]!], none);
    for (const [i, value] of alone.data.entries()) assert.ok(Math.abs(value - together.data[i]!) < 1e-5);
    await program.release();
  });

  it('ranks targets by the log probability of all their tokens, each source encoded for itself', async () => {
    const modules = listSpace(tiny.sites, 'wide');
    const program = await tiny.compile(modules);
    const delta = program.initialDelta(1).map((value, i) => value + 0.02 * Math.sin(i));
    const gates = new Float32Array(modules.length).fill(0.5);
    const inputs = inputsOf(batch);
    const targets = [[8, 1], [9, 30, 1], [1]];
    const outputs = targets.map(ids => ({ ids }));
    const scores = await program.choose(inputs, outputs, delta, gates);
    for (const [row, { ids }] of inputs.entries()) {
      for (const [column, target] of targets.entries()) {
        const { data, shape } = await program.logits([example(ids, target)], delta, gates);
        const vocabulary = shape[2]!;
        const expected = target.reduce((sum, id, place) => {
          const logits = data.subarray(place * vocabulary, (place + 1) * vocabulary);
          return sum + logits[id]! - Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0));
        }, 0);
        assert.ok(Math.abs(scores[row]![column]! - expected) < 1e-4, `${scores[row]![column]} against ${expected}`);
      }
    }
    assert.deepEqual(await program.choose([], outputs, delta, gates), []);
    await program.release();
  });

  it('gives the same bits twice', async () => {
    const modules = listSpace(tiny.sites, 'wide');
    const run = async () => {
      const program = await tiny.compile(modules);
      const result = await program.lossAndGradients(
        batch,
        program.initialDelta(7),
        new Float32Array(modules.length).fill(0.3),
      );
      await program.release();
      return result;
    };
    assert.deepEqual(await run(), await run());
  });

  it('refuses vectors of another length', async () => {
    const modules = listSpace(tiny.sites, 'lora');
    const program = await tiny.compile(modules);
    await assert.rejects(program.lossAndGradients(batch, none), /delta vector has 0 numbers/);
    await assert.rejects(
      program.lossAndGradients(batch, program.initialDelta(0), new Float32Array(3)),
      /3 gates for \d+ modules/,
    );
    await program.release();
  });

  it('generates, token for token, what teacher forcing finds likeliest, modules on keys and values included', async () => {
    const modules = listSpace(tiny.sites, 'wide');
    const program = await tiny.compile(modules);
    const delta = program.initialDelta(1).map((value, i) => value + 0.1 * Math.sin(i));
    const gates = Float32Array.from(modules, (_, i) => 0.2 + 0.6 * ((i * 0.618) % 1));
    const inputs = inputsOf(batch);
    const answers = await program.generate!(inputs, delta, gates, { maxTokens: 12 });
    assert.ok(
      answers.some(answer => new Set(answer).size > 2),
      'answers of one token alone would show little',
    );
    for (const [row, answer] of answers.entries()) {
      const target = answer.length < 12 ? [...answer, 1] : answer;
      const { data, shape } = await program.logits([example(inputs[row]!.ids, target)], delta, gates);
      const vocabulary = shape[2]!;
      const likeliest = target.map((_, place) => {
        const logits = data.subarray(place * vocabulary, (place + 1) * vocabulary);
        return logits.indexOf(Math.max(...logits));
      });
      assert.deepEqual(likeliest, target);
    }
    await program.release();
  });

  it('stops each row of a generation at its end token', async () => {
    const program = await tiny.compile([]);
    const inputs = inputsOf(batch);
    const answers = await program.generate!(inputs, none, undefined, { maxTokens: 4 });
    assert.equal(answers.length, 2);
    for (const answer of answers) assert.ok(answer.length <= 4 && !answer.includes(1) && !answer.includes(0));
    assert.deepEqual(await program.generate!([], none, undefined, { maxTokens: 4 }), []);
    await program.release();
  });
});
