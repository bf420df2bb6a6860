import {
  countLossTerms,
  type EncodedExample,
  type EncodedOutput,
  type Layout,
  type LossAndGradients,
  outputLength,
  type Trainable,
} from '../../src/core/program.ts';
import type { DeltaModule, Site } from '../../src/core/site.ts';
import { makeSite } from '../structure/make-site.ts';

/**
 * A small analytic "model" for tests: module i holds `counts[i]` parameters and adds zᵢ·Σⱼ tanh(wᵢⱼ)·xᵢⱼ to a
 * prediction; x comes from the source ids, the wanted value from the target's first id, the loss is the squared error
 * weighted like a mean over target tokens. A head of one parameter is added to the prediction as it is. Derivatives are
 * written out by hand.
 */
export function createToyProgram(
  counts: readonly number[],
  { inert = [] as readonly number[], hasHead = false } = {},
): Trainable {
  const layout = createLayout(counts, inert, hasHead);
  const headOf = (values: Float32Array) => (hasHead ? values.at(-1)! : 0);

  async function lossAndGradients(batch: readonly EncodedExample[], delta: Float32Array, gates?: Float32Array) {
    const gradient = new Float64Array(layout.size);
    const gateGradient = new Float64Array(gates ? counts.length : 0);
    const tokens = countLossTerms(batch);
    let loss = 0;
    for (const { input, output } of batch) {
      const source = input.ids;
      const parts = layout.modules.map(({ parameters }) => partOf(delta, source, parameters[0]!));
      const prediction = parts.reduce((sum, part, i) => sum + (gates ? gates[i]! : 1) * part, headOf(delta));
      const error = prediction - firstId(output) / 10;
      const weight = outputLength(output) / tokens;
      loss += weight * error * error;
      if (hasHead) gradient[layout.size - 1]! += 2 * weight * error;
      for (const [i, { parameters }] of layout.modules.entries()) {
        const { offset, size } = parameters[0]!;
        const outer = 2 * weight * error;
        if (gates) gateGradient[i]! += outer * parts[i]!;
        for (let j = offset; j < offset + size; j++) {
          gradient[j]! += outer * (gates ? gates[i]! : 1) * (1 - Math.tanh(delta[j]!) ** 2) * feature(source, j);
        }
      }
    }
    return {
      loss,
      delta: Float32Array.from(gradient),
      gates: Float32Array.from(gateGradient),
    } satisfies LossAndGradients;
  }

  async function mixedDerivative(
    batch: readonly EncodedExample[],
    delta: Float32Array,
    gates: Float32Array,
    direction: Float32Array,
  ) {
    const tokens = countLossTerms(batch);
    const result = new Float64Array(counts.length);
    for (const { input, output } of batch) {
      const source = input.ids;
      const parts = layout.modules.map(({ parameters }) => partOf(delta, source, parameters[0]!));
      const error = parts.reduce((sum, part, i) => sum + gates[i]! * part, headOf(delta)) - firstId(output) / 10;
      const outer = (2 * outputLength(output)) / tokens;
      // How much each module's part grows along the direction.
      const growths = layout.modules.map(({ parameters }) => {
        const { offset, size } = parameters[0]!;
        let sum = 0;
        for (let j = offset; j < offset + size; j++) {
          sum += direction[j]! * (1 - Math.tanh(delta[j]!) ** 2) * feature(source, j);
        }
        return sum;
      });
      const growth = growths.reduce((sum, value, i) => sum + gates[i]! * value, headOf(direction));
      for (const [i, part] of parts.entries()) result[i]! += outer * (part * growth + error * growths[i]!);
    }
    return Float32Array.from(result);
  }

  const loss = async (...point: Parameters<Trainable['loss']>) => (await lossAndGradients(...point)).loss;
  return { layout, loss, lossAndGradients, mixedDerivative };
}

function firstId(output: EncodedOutput): number {
  return 'ids' in output ? output.ids[0]! : 0;
}

function feature(source: readonly number[], j: number): number {
  return Math.sin(source[j % source.length]! * (j + 1));
}

function partOf(delta: Float32Array, source: readonly number[], { offset, size }: { offset: number; size: number }) {
  let sum = 0;
  for (let j = offset; j < offset + size; j++) sum += Math.tanh(delta[j]!) * feature(source, j);
  return sum;
}

export function createToySite(i: number): Site {
  return makeSite(`layer.${i}`, 'feed-forward.in', 1, 1, { place: { stack: 'encoder', layer: i } });
}

function createLayout(counts: readonly number[], inert: readonly number[], hasHead: boolean): Layout {
  let offset = 0;
  const modules = counts.map((parameters, i) => {
    const site = createToySite(i);
    const id = `${site.name}:toy`;
    const module: DeltaModule = {
      id,
      site,
      kind: 'toy',
      delta: { kind: 'toy', label: 'Toy' },
      options: {},
      parameters,
      inert: inert.includes(i),
    };
    const layout = {
      module,
      parameters: [{ name: 'w', shape: [parameters], offset, size: parameters, gated: true, scale: 1 }],
    };
    offset += parameters;
    return layout;
  });
  if (!hasHead) return { modules, heads: [], size: offset };
  const parameters = [{ name: 'bias', shape: [1], offset, size: 1, gated: false, scale: 1 }];
  return { modules, heads: [{ name: 'toy head', parameters }], size: offset + 1 };
}

/** Effect of the first parameters in the rule that the examples follow: early modules matter, later ones do not. */
const TEACHER = [0.8, -0.6, 0.5, 0.4];

/** Examples with sources of 2 to 9 ids and targets of 1 to 3, whose first "id" is ten times what to predict. */
export function createToyExamples(count: number, seed = 0): EncodedExample[] {
  return Array.from({ length: count }, (_, i) => {
    const n = i + 31 * seed;
    const source = Array.from({ length: 2 + (n % 8) }, (_, j) => 1 + ((n * 7 + j * 13) % 23));
    const wanted = TEACHER.reduce((sum, weight, j) => sum + weight * feature(source, j), 0);
    return { input: { ids: source }, output: { ids: new Array(1 + (n % 3)).fill(Math.round(10 * wanted)) } };
  });
}

/** An asynchronous iterator run to its end: what it yielded and what it returned. */
export async function drain<Event, Result>(generator: AsyncGenerator<Event, Result>) {
  const events: Event[] = [];
  for (;;) {
    const next = await generator.next();
    if (next.done) return { events, result: next.value };
    events.push(next.value);
  }
}
