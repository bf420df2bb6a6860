import { fileURLToPath } from 'node:url';
import type { Answering } from '../../../src/core/program.ts';
import type { DeltaModule } from '../../../src/core/site.ts';
import { readDescription } from '../../../src/export/description.ts';
import { onnx } from '../../../src/export/onnx-format.ts';
import { loadModel } from '../../../src/models/load-model.ts';
import type { Model } from '../../../src/models/model.ts';
import type { DeviceName } from '../../../src/runtime/device.ts';
import { listManualModules } from '../../../src/structure/built-in-methods.ts';
import { listSpace } from '../../../src/structure/spaces.ts';
import { example, inputsOf } from '../../encoded.ts';

/** Everything that a program computes, as flat arrays by name. */
export type Answers = Readonly<Record<string, Float32Array | Float64Array>>;

/** Which modules are attached to a model of the fixtures, and what is asked of them. */
export interface Question {
  readonly model: string;
  readonly modules: 'mixed' | 'adapter' | 'fine-tuning';
  /** Whether everything is asked, or the loss and its gradients alone. */
  readonly everything: boolean;
}

export const fixtureFolder = (model: string): string =>
  fileURLToPath(new URL(`../../fixtures/${model}`, import.meta.url));

/** Lengths far apart, so that padding and far buckets of positions are met. */
const batch = [
  example([5, 9, 12, 1], [8, 1]),
  example(
    Array.from({ length: 21 }, (_, i) => 3 + i),
    [9, 30, 1],
  ),
];

/** The same texts for a model with a head, which says one of two classes. */
const classified = batch.map(({ input }, row) => ({ input, output: { class: row } }));

const attach = (model: Model, modules: Question['modules']): readonly DeltaModule[] =>
  modules === 'mixed' ? listSpace(model.sites, 'mixed') : listManualModules(model.sites, modules);

const inputs = inputsOf(batch);
const outputs = batch.map(({ output }) => output);

/** What a program writes, and how likely it finds what it is given, as flat arrays. */
async function generations(
  program: Answering,
  delta: Float32Array,
  gates?: Float32Array,
): Promise<Record<'generated' | 'ranked', Float64Array>> {
  const generated = await program.generate!(inputs, delta, gates, { maxTokens: 3 });
  const ranked = await program.choose(inputs, outputs, delta, gates);
  return {
    generated: Float64Array.from(generated.flatMap(ids => [...ids, -1])),
    ranked: Float64Array.from(ranked.flatMap(scores => [...scores])),
  };
}

/** Asks an exported model. */
export async function askExported(folder: string, device: DeviceName): Promise<Answers> {
  const program = await onnx.open!(folder, await readDescription(folder), { device, threads: 1 });
  const answers = await generations(program, new Float32Array(0));
  await program.release();
  return answers;
}

/** Asks a program, compiled for a device, at parameters away from their initial values and gates between 0 and 1. */
export async function ask(question: Question, device: DeviceName): Promise<Answers> {
  const model = await loadModel(fixtureFolder(question.model), { device, threads: 1 });
  const modules = attach(model, question.modules);
  const program = await model.compile(modules);
  const delta = program.initialDelta(1).map((value, i) => value + 0.05 * Math.sin(i));
  const gates = Float32Array.from(modules, (_, i) => 0.2 + 0.6 * ((i * 0.618) % 1));
  const asked = model.heads.length === 0 ? batch : classified;
  const { loss, ...gradients } = await program.lossAndGradients(asked, delta, gates);
  const trained = { loss: Float32Array.of(loss), gradient: gradients.delta, gates: gradients.gates };
  if (!question.everything) {
    await program.release();
    return trained;
  }
  const direction = delta.map((_, i) => Math.cos(i));
  const logits = await program.logits(batch, delta, gates);
  const generated = await generations(program, delta, gates);
  const mixedDerivative = await program.mixedDerivative(batch, delta, gates, direction);
  await program.release();
  return {
    ...trained,
    logits: logits.data,
    ...generated,
    mixedDerivative,
  };
}
