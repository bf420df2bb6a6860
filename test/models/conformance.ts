import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type EncodedExample, type EncodedOutput, outputLength, type Program } from '../../src/core/program.ts';
import { biasName, type DeltaModule, roles } from '../../src/core/site.ts';
import { createModule, deltas } from '../../src/deltas/kinds.ts';
import { headSize } from '../../src/deltas/layout.ts';
import { readCheckpointIndex } from '../../src/files/checkpoint-files.ts';
import { readDelta, writeDelta } from '../../src/library/delta-file.ts';
import type { AnswerKind } from '../../src/models/codec.ts';
import { type LoadOptions, loadModel } from '../../src/models/load-model.ts';
import type { Model } from '../../src/models/model.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { measuredPeak, plannedPeak } from '../runtime/memory/peaks.ts';
import { largestDifference, length, numbersOf, readDocument, readNumbers } from '../witness/fixtures.ts';

/**
 * What a second witness computed of a checkpoint: `<outputs>.json`, with `logits.N` and `states.N` of each batch in
 * `<outputs>.safetensors`.
 */
interface Witnessed {
  /** Of the backbone: no heads, tied ones once. */
  readonly parameters: number;
  /** Of the heads, where there are any. */
  readonly headParameters?: number;
  readonly batches: readonly (readonly Row[])[];
  readonly losses: readonly number[];
}

/** An example of a batch: what is read, and one of a text, a class and a number. */
interface Row {
  readonly source: readonly number[];
  readonly types?: readonly number[];
  readonly otherChoices?: readonly { readonly source: readonly number[]; readonly types?: readonly number[] }[];
  readonly target?: readonly number[];
  readonly class?: number;
  readonly value?: number;
}

/** A family's tiny checkpoint, and what is known of it. */
export interface ConformingModel {
  readonly folder: string;
  /** Path of the witness's files below `test/fixtures`, without extensions. */
  readonly outputs: string;
  /** How the model answers, where it is not as its checkpoint does. */
  readonly answers?: AnswerKind;
  readonly options?: LoadOptions;
  /** Tensors of the checkpoint that no site and no head reads. */
  readonly unread?: readonly string[];
  /** Whether its activation has kinks, as relu: differences of gradients over one are no derivative. */
  readonly kinks?: boolean;
  /** The key of config.json that counts the layers. */
  readonly layers: string;
}

const SHARE = 0.02;

/** Holds a family to all that the rest of the project counts on. To be called at the top of a test file. */
export function conformance({
  folder,
  outputs,
  answers,
  options,
  unread = [],
  kinks = false,
  layers,
}: ConformingModel): void {
  const load = async (more: LoadOptions = {}): Promise<Model> => {
    const model = await loadModel(folder, { threads: 1, ...options, ...more });
    return answers === undefined ? model : model.answering(answers);
  };

  describe(`${outputs} conforms:`, () => {
    let witnessed: Witnessed;
    let model: Model;
    let batches: EncodedExample[][];
    let modules: readonly DeltaModule[];
    let program: Program;
    let delta: Float32Array;
    let gates: Float32Array;

    before(async () => {
      witnessed = await readDocument<Witnessed>(outputs);
      batches = witnessed.batches.map(batch => batch.map(exampleOf));
      model = await load();
      modules = listSpace(model.sites, 'wide');
      program = await model.compile(modules);
      delta = program.initialDelta(1).map((value, i) => value + 0.02 * Math.cos(i));
      gates = Float32Array.from(modules, (_, i) => 0.3 + 0.4 * ((i * 0.618) % 1));
    });
    after(() => program.release());

    it('counts the parameters of its backbone and heads', () => {
      assert.equal(model.parameters, witnessed.parameters);
      assert.equal(headSize(model.heads), witnessed.headParameters ?? 0);
    });

    it('has logits and losses of the witness, for padded batches', async () => {
      const numbers = await readNumbers(outputs);
      const bare = await model.compile([]);
      const values = bare.initialDelta(0);
      for (const [index, batch] of batches.entries()) {
        const expected = numbersOf(numbers, `logits.${index}`);
        const difference = largestDifference(
          Float32Array.from((await realLogits(bare, batch, values)).flat()),
          expected,
        );
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        assert.ok(difference < 1e-4 * Math.max(1, largest), `batch ${index}: logits differ by ${difference}`);
        const { loss } = await bare.lossAndGradients(batch, values);
        const witness = witnessed.losses[index]!;
        assert.ok(Math.abs(loss - witness) < 1e-5 * Math.max(1, witness), `batch ${index}: ${loss} against ${witness}`);
        assert.ok(Math.abs((await bare.loss(batch, values)) - loss) < 1e-6 * Math.max(1, loss));
      }
      await bare.release();
    });

    it('has the last states of the witness, at every token that is no padding', async () => {
      const numbers = await readNumbers(outputs);
      const bare = await model.compile([]);
      for (const [index, batch] of batches.entries()) {
        const expected = numbersOf(numbers, `states.${index}`);
        const actual = await realStates(bare, batch, bare.initialDelta(0));
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const difference = largestDifference(actual, expected);
        assert.ok(difference < 1e-4 * largest, `batch ${index}: states up to ${largest} differ by ${difference}`);
      }
      await bare.release();
    });

    it('has sites of unique names for all that the checkpoint holds, in their roles', async () => {
      const names = model.sites.map(({ name }) => name);
      assert.equal(new Set(names).size, names.length);
      for (const { name, host, role, weightIsShared, hasBias } of model.sites) {
        assert.equal(host, roles[role], name);
        assert.equal(model.weights.has(name), host !== 'block' && !weightIsShared, name);
        assert.equal(model.weights.has(biasName({ name })), hasBias, name);
      }
      const inCheckpoint = [...(await readCheckpointIndex(folder)).keys()].filter(name => !unread.includes(name));
      const ofHeads = model.heads.flatMap(head => head.parameters.map(({ name }) => `${head.name}.${name}`));
      const places = new Set([...model.weights.values()].map(({ file, offset }) => `${file} ${offset}`));
      for (const [name, { offset, file }] of await readCheckpointIndex(folder)) {
        if (!inCheckpoint.includes(name) || ofHeads.includes(name)) continue;
        assert.ok(places.has(`${file} ${offset}`), `${name} is nobody's`);
      }
    });

    it('reads every site: each kind of module changes the loss wherever it can attach, but where it is inert', async () => {
      const [batch] = batches;
      for (const delta of Object.values(deltas)) {
        const all = model.sites.filter(site => delta.hosts(site)).map(site => createModule(site, delta.kind));
        const attached = await model.compile(all);
        const values = attached.initialDelta(1).map((value, i) => value + 0.02 * Math.cos(i));
        const { delta: gradient } = await attached.lossAndGradients(batch!, values);
        const largest = length(gradient);
        for (const { module, parameters } of attached.layout.modules) {
          const norms = parameters.map(({ offset, size }) => length(gradient.subarray(offset, offset + size)));
          const norm = Math.max(...norms);
          assert.equal(norm > 1e-6 * largest, !module.inert, `${module.id}: ${norm} of ${largest}`);
        }
        await attached.release();
      }
    });

    it('has gradients of every module and head that central differences find', async () => {
      const [batch] = batches;
      const { delta: gradient } = await program.lossAndGradients(batch!, delta, gates);
      const whole = length(gradient);
      for (const { name, offset, size } of parts(program)) {
        const own = gradient.subarray(offset, offset + size);
        const norm = length(own);
        if (norm < 1e-3 * whole) continue;
        // Small, or a ReLU that turns on in between is taken for a slope.
        const h = 0.003 / Math.max(1, norm);
        const moved = (sign: number) =>
          delta.map((value, i) =>
            i >= offset && i < offset + size ? value + (sign * h * own[i - offset]!) / norm : value,
          );
        const [up, down] = [await program.loss(batch!, moved(1), gates), await program.loss(batch!, moved(-1), gates)];
        const difference = (up - down) / (2 * h);
        assert.ok(Math.abs(difference - norm) < SHARE * norm + 1e-3 * whole, `${name}: ${norm} against ${difference}`);
      }
    });

    it('has the mixed derivative that central differences over a gate find', async () => {
      const [batch] = batches;
      const direction = (await program.lossAndGradients(batch!, delta, gates)).delta;
      const found = await program.mixedDerivative(batch!, delta, gates, direction);
      assert.equal(found.length, modules.length);
      const largest = Math.max(...found.map(Math.abs));
      const along = async (gate: number, h: number) => {
        const { delta: gradient } = await program.lossAndGradients(batch!, delta, gates.with(gate, gates[gate]! + h));
        return gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
      };
      const wrong: string[] = [];
      let tried = 0;
      for (let gate = 0; gate < modules.length; gate += 7, tried++) {
        const difference = ((await along(gate, 0.01)) - (await along(gate, -0.01))) / 0.02;
        if (Math.abs(difference - found[gate]!) < 5e-3 * largest) continue;
        wrong.push(`${modules[gate]!.id}: ${found[gate]} against ${difference}`);
      }
      assert.ok(wrong.length <= (kinks ? tried / 2 : 0), wrong.join('; '));
    });

    it('is the frozen model where all gates are shut, its heads as they are', async () => {
      const bare = await model.compile([]);
      const heads = delta.subarray(delta.length - bare.layout.size);
      const shut = new Float32Array(modules.length);
      for (const batch of batches) {
        const [closed, frozen] = [await program.loss(batch, delta, shut), await bare.loss(batch, heads)];
        assert.ok(Math.abs(closed - frozen) < 2e-5 * Math.max(1, frozen), `${closed} against ${frozen}`);
      }
      const { delta: gradient } = await program.lossAndGradients(batches[0]!, delta, shut);
      const alone = await bare.lossAndGradients(batches[0]!, heads);
      const difference = largestDifference(gradient.subarray(delta.length - bare.layout.size), alone.delta);
      assert.ok(difference < 1e-4 * Math.max(1, length(alone.delta)), `${difference}`);
      await bare.release();
    });

    it('does not let padding or the other rows of a batch change a row', async () => {
      for (const batch of batches.filter(({ length }) => length > 1)) {
        const together = await realLogits(program, batch, delta);
        for (const [row, example] of batch.entries()) {
          const [alone] = await realLogits(program, [example], delta);
          const difference = largestDifference(alone!, together[row]!.slice(0, alone!.length));
          assert.ok(difference < 1e-4 * Math.max(1, length(alone!)), `row ${row}: ${difference}`);
        }
      }
    });

    it('begins by the seed alone, and by the names of what is trained', async () => {
      assert.deepEqual(program.initialDelta(3), program.initialDelta(3));
      const bare = await model.compile([]);
      const heads = bare.initialDelta(3);
      assert.deepEqual(program.initialDelta(3).subarray(delta.length - heads.length), heads);
      assert.notDeepEqual(program.initialDelta(4), program.initialDelta(3));
      await bare.release();
    });

    it('finds what was trained again in its file', async () => {
      const scratch = await mkdtemp(join(tmpdir(), 's3delta-conformance-'));
      const file = join(scratch, 'delta.safetensors');
      await writeDelta(file, model, model.layout(modules), delta);
      assert.deepEqual(await readDelta(file, await load(), model.layout(modules)), delta);
      await rm(scratch, { recursive: true });
    });

    it('chooses by the log probabilities that its logits give', async () => {
      const [batch] = batches;
      const candidates = outputsOf(batch!);
      const inputs = batch!.map(({ input }) => input);
      const scores = await program.choose(inputs, candidates, delta, gates);
      assert.deepEqual(await program.choose([], candidates, delta, gates), []);
      for (const [row, { input }] of batch!.entries()) {
        for (const [column, output] of candidates.entries()) {
          const expected = await scoreOf(program, { input, output }, delta, gates);
          const score = scores[row]![column]!;
          assert.ok(Math.abs(score - expected) < 1e-3 || score === expected, `${score} against ${expected}`);
        }
      }
    });

    it('generates what teacher forcing finds likeliest, where it writes text', async () => {
      if (!program.generate) return;
      const inputs = batches.flat().map(({ input }) => input);
      const answers = await program.generate(inputs, delta, gates, { maxTokens: 6 });
      for (const [row, ids] of answers.entries()) {
        if (ids.length < 2) continue;
        const [logits] = await realLogits(program, [{ input: inputs[row]!, output: { ids } }], delta, gates);
        const vocabulary = logits!.length / ids.length;
        const likeliest = ids.map((_, place) => {
          const at = logits!.slice(place * vocabulary, (place + 1) * vocabulary);
          return at.indexOf(Math.max(...at));
        });
        assert.deepEqual(likeliest, ids);
      }
    });

    it('gives the same loss and gradients where sub-layers are computed again', async () => {
      const [batch] = batches;
      const expected = await program.lossAndGradients(batch!, delta, gates);
      const other = await (await load({ recompute: true })).compile(modules);
      const actual = await other.lossAndGradients(batch!, delta, gates);
      await other.release();
      assert.ok(Math.abs(actual.loss - expected.loss) < 1e-5 * Math.max(1, expected.loss));
      assert.ok(largestDifference(actual.delta, expected.delta) < 1e-5 * Math.max(1, length(expected.delta)));
    });

    it('plans the memory that ONNX Runtime counts, within a tenth', async () => {
      const { training, answering, extents } = model.graphs(modules);
      // The first of those that answer: what one graph gives the next is not fed here.
      for (const graph of [training, answering('choose')[0]!.graph]) {
        for (const size of [
          { rows: 3, source: 40, target: 3 },
          { rows: 8, source: 16, target: 9 },
        ]) {
          const [planned, measured] = [plannedPeak(graph, extents(size)), await measuredPeak(graph, extents(size))];
          assert.ok(Math.abs(planned / measured - 1) < 0.1, `${planned} planned, ${measured} measured`);
        }
      }
    });

    it('refuses a config.json of fewer layers than the weights have', async () => {
      const copy = await mkdtemp(join(tmpdir(), 's3delta-conformance-'));
      await cp(folder, copy, { recursive: true });
      const file = join(copy, 'config.json');
      const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, number>;
      await writeFile(file, JSON.stringify({ ...config, [layers]: config[layers]! - 1 }));
      await assert.rejects(loadModel(copy, options), /tensors that a model of config\.json does not have: /);
      await rm(copy, { recursive: true });
    });
  });
}

function exampleOf({ source, types, otherChoices, target, class: number, value }: Row): EncodedExample {
  const read = (ids: readonly number[], types?: readonly number[]) => ({ ids, ...(types && { types }) });
  const others = otherChoices?.map(choice => read(choice.source, choice.types));
  const outputs: (EncodedOutput | undefined)[] = [
    target && { ids: target },
    number === undefined ? undefined : { class: number },
    value === undefined ? undefined : { value },
  ];
  return {
    input: { ...read(source, types), ...(others && { otherChoices: others }) },
    output: outputs.find(output => output !== undefined)!,
  };
}

/** Each example's logits, of real positions only: what lies on padding is nobody's business. */
async function realLogits(
  program: Program,
  batch: readonly EncodedExample[],
  delta: Float32Array,
  gates?: Float32Array,
): Promise<number[][]> {
  const { data, shape } = await program.logits(batch, delta, gates);
  const perRow = data.length / batch.length;
  const classes = shape.at(-1)!;
  return batch.map(({ input, output }, row) => {
    const positions = shape.length === 3 ? outputLength(output) : 1;
    const choices = shape.length === 2 && input.otherChoices ? 1 + input.otherChoices.length : classes;
    return [...data.subarray(row * perRow, row * perRow + (shape.length === 3 ? positions * classes : choices))];
  });
}

/** States of all real tokens of what is read, or of what is said by a model that writes, one text after the other. */
async function realStates(
  program: Program,
  batch: readonly EncodedExample[],
  delta: Float32Array,
): Promise<readonly number[]> {
  const { data, shape } = await program.states(batch, delta);
  const [, length, width] = shape as [number, number, number];
  const lengths = batch.flatMap(({ input, output }) =>
    'ids' in output ? [output.ids.length] : [input, ...(input.otherChoices ?? [])].map(({ ids }) => ids.length),
  );
  return lengths.flatMap((real, row) => [...data.subarray(row * length * width, (row * length + real) * width)]);
}

/** Outputs of the batch's own kind to choose among. */
function outputsOf(batch: readonly EncodedExample[]): EncodedOutput[] {
  const [{ output }] = batch as [EncodedExample];
  if ('ids' in output) return batch.slice(0, 3).map(example => example.output);
  if ('class' in output) return [{ class: 0 }, { class: 1 }];
  return [{ value: 0 }];
}

async function scoreOf(
  program: Program,
  example: EncodedExample,
  delta: Float32Array,
  gates: Float32Array,
): Promise<number> {
  const [logits] = await realLogits(program, [example], delta, gates);
  const { output } = example;
  if ('value' in output) return logits![0]!;
  const said = 'ids' in output ? output.ids : [output.class];
  const classes = logits!.length / said.length;
  return said.reduce((sum, label, place) => {
    const at = logits!.slice(place * classes, (place + 1) * classes);
    return sum + at[label]! - Math.log(at.reduce((total, logit) => total + Math.exp(logit), 0));
  }, 0);
}

/** Each module's and each head's piece of the delta vector. */
function parts({ layout }: Program): { name: string; offset: number; size: number }[] {
  return [...layout.modules.map(({ module, parameters }) => ({ name: module.id, parameters })), ...layout.heads].map(
    ({ name, parameters }) => ({
      name,
      offset: parameters[0]!.offset,
      size: parameters.reduce((sum, { size }) => sum + size, 0),
    }),
  );
}
