import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fillNormal } from '../../src/core/random.ts';
import { type Attachments, attachContributions } from '../../src/deltas/attach.ts';
import type { Contribution } from '../../src/deltas/delta.ts';
import type { LinearMap, Norm } from '../../src/deltas/frozen-host.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import {
  add,
  gemm,
  layerNorm,
  mul,
  quantizedProduct,
  reduceSum,
  reshape,
  rmsNorm,
  scale,
  tanh,
} from '../../src/graph/ops/ops.ts';
import type { Value } from '../../src/graph/types.ts';
import { evaluate, type Tensor, tensor } from '../graph/reference.ts';

const [tokens, inputs, outputs, rank] = [3, 4, 5, 2];
const draw = (length: number, stream: string) => fillNormal(new Float32Array(length), 0, stream);

/** A graph whose inputs are named and drawn as they are asked for. */
class Drawn {
  readonly graph = new Graph();
  readonly feeds: Record<string, Tensor> = {};
  readonly #values = new Map<string, Value>();

  input(name: string, shape: readonly number[]): Value {
    const made = this.#values.get(name) ?? this.graph.input(name, 'float32', shape);
    this.#values.set(name, made);
    this.feeds[name] = tensor(
      shape,
      draw(
        made.shape.reduce((size: number, extent) => size * Number(extent), 1),
        name,
      ),
    );
    return made;
  }

  get inputs(): readonly [string, Value][] {
    return [...this.#values];
  }
}

function assertClose(drawn: Drawn, actual: Value, expected: Value, what: string): void {
  const values = evaluate(drawn.graph, drawn.feeds);
  const [one, two] = [actual, expected].map(value => values.get(value)!.data);
  assert.equal(one!.length, two!.length);
  for (const [i, value] of two!.entries())
    assert.ok(
      Math.abs(one![i]! - value) < 1e-10 * Math.max(1, Math.abs(value)),
      `${what}[${i}]: ${one![i]} for ${value}`,
    );
}

/** Everything that a module may do to a linear host, by name. */
const contributionsTo = (drawn: Drawn): Readonly<Record<string, Contribution>> => ({
  weight: { weight: drawn.input('change', [outputs, inputs]) },
  bias: { bias: drawn.input('added', [outputs]) },
  bottleneck: {
    bottleneck: { read: drawn.input('read', [rank, inputs]), write: drawn.input('write', [outputs, rank]) },
  },
  inputScale: { inputScale: drawn.input('inputScale', [inputs]) },
  outputScale: { outputScale: drawn.input('outputScale', [outputs]) },
});

const product = (x: Value, weight: Value) => gemm(x, weight, { transB: true });

/** What a linear host gives with them, term by term. */
function expectedOf(x: Value, { weight, bias }: LinearMap, parts: readonly Contribution[]): Value {
  const bare = bias ? add(product(x, weight), bias) : product(x, weight);
  return parts.reduce((sum, part) => {
    const terms = [
      part.weight && product(x, part.weight),
      part.bias,
      part.bottleneck && product(product(x, part.bottleneck.read), part.bottleneck.write),
      part.inputScale && product(mul(x, part.inputScale), weight),
      part.outputScale && mul(bare, part.outputScale),
    ];
    return terms.reduce((all: Value, term) => (term ? add(all, term) : all), sum);
  }, bare);
}

function attachmentsOf(bySite: Readonly<Record<string, readonly Contribution[]>>): Attachments {
  return attachContributions(
    new Map(Object.entries(bySite).map(([site, parts]) => [site, parts.map(part => () => part)])),
  );
}

function subsets<T>([first, ...others]: readonly T[]): T[][] {
  return first === undefined ? [[]] : subsets(others).flatMap(subset => [subset, [first, ...subset]]);
}

describe('modules on one linear host add up', () => {
  const kinds = ['weight', 'bias', 'bottleneck', 'inputScale', 'outputScale'];
  for (const hasBias of [false, true]) {
    it(`in every combination, on a map ${hasBias ? 'with' : 'without'} a bias`, () => {
      for (const names of subsets(kinds)) {
        const drawn = new Drawn();
        const all = contributionsTo(drawn);
        const parts = names.map(name => all[name]!);
        const x = drawn.input('x', [tokens, inputs]);
        const bias = hasBias ? { bias: drawn.input('bias', [outputs]) } : {};
        const map: LinearMap = { site: 'map', weight: drawn.input('W', [outputs, inputs]), ...bias };
        const residual = drawn.input('residual', [tokens, outputs]);
        const attach = attachmentsOf({ map: parts });
        const expected = expectedOf(x, map, parts);
        assertClose(drawn, attach.linear(x, map), expected, `linear, ${names}`);
        const { weight, bias: merged } = attach.merged(map);
        const ofMerged = product(x, weight);
        assertClose(drawn, merged ? add(ofMerged, merged) : ofMerged, expected, `merged, ${names}`);
        assertClose(drawn, attach.output('block', map, x, residual), add(residual, expected), `output, ${names}`);
      }
    });

    it(`and modules on the block around it read and scale what they add up to, ${hasBias ? 'with' : 'without'} a bias`, () => {
      for (const names of subsets(kinds)) {
        for (const onBlock of subsets(['adapter', 'outputScale', 'bias'])) {
          const drawn = new Drawn();
          const all = contributionsTo(drawn);
          const parts = names.map(name => all[name]!);
          const x = drawn.input('x', [tokens, inputs]);
          const bias = hasBias ? { bias: drawn.input('bias', [outputs]) } : {};
          const map: LinearMap = { site: 'map', weight: drawn.input('W', [outputs, inputs]), ...bias };
          const residual = drawn.input('residual', [tokens, outputs]);
          const [read, write] = [drawn.input('down', [rank, outputs]), drawn.input('up', [outputs, rank])];
          const block: Readonly<Record<string, Contribution>> = {
            adapter: { bottleneck: { read, between: tanh, write } },
            outputScale: { outputScale: drawn.input('blockScale', [outputs]) },
            bias: { bias: drawn.input('blockBias', [outputs]) },
          };
          const h = expectedOf(x, map, parts);
          const terms = {
            adapter: product(tanh(product(h, read)), write),
            outputScale: mul(h, block.outputScale!.outputScale!),
            bias: block.bias!.bias!,
          };
          const expected = onBlock.reduce((sum, name) => add(sum, terms[name as keyof typeof terms]), add(residual, h));
          const attach = attachmentsOf({ map: parts, block: onBlock.map(name => block[name]!) });
          assertClose(drawn, attach.output('block', map, x, residual), expected, `${names} below ${onBlock}`);
        }
      }
    });
  }

  it('with the gradients of central differences, also of what is computed again', () => {
    for (const scaled of ['inputScale', 'outputScale']) {
      const drawn = new Drawn();
      const x = drawn.input('x', [tokens, inputs]);
      const [read, write] = [drawn.input('down', [rank, outputs]), drawn.input('up', [outputs, rank])];
      const map = { site: 'map', weight: drawn.input('W', [outputs, inputs]), bias: drawn.input('bias', [outputs]) };
      const all = contributionsTo(drawn);
      const names = ['bottleneck', 'bias', scaled];
      const attach = attachmentsOf({
        map: names.map(name => all[name]!),
        block: [{ bottleneck: { read, between: tanh, write } }],
      });
      const y = attach.output('block', map, x, drawn.input('residual', [tokens, outputs]));
      const loss = reduceSum(mul(tanh(y), drawn.input('c', [tokens, outputs])), [0, 1], false);
      const wanted = drawn.inputs.filter(([name]) => name !== 'c');
      const found = gradients(
        loss,
        wanted.map(([, value]) => value),
      );
      const values = evaluate(drawn.graph, drawn.feeds);
      for (const [i, [name, value]] of wanted.entries()) {
        const { shape, data } = drawn.feeds[name]!;
        const step = 1e-5;
        for (const element of data.keys()) {
          const at = (offset: number) =>
            evaluate(drawn.graph, {
              ...drawn.feeds,
              [name]: tensor(shape, data.with(element, data[element]! + offset)),
            }).get(loss)!.data[0]!;
          const difference = (at(step) - at(-step)) / (2 * step);
          const gradient = values.get(found[i]!)!.data[element]!;
          assert.ok(Math.abs(gradient - difference) < 1e-7, `${scaled}: ∂/∂${value.name}[${element}]`);
        }
      }
    }
  });
});

describe('modules on a norm', () => {
  for (const kind of ['rms', 'layer'] as const) {
    it(`change the weight, the bias and the scale of a ${kind} norm`, () => {
      for (const hasBias of [false, true]) {
        for (const names of subsets(['weight', 'bias', 'outputScale'])) {
          const drawn = new Drawn();
          const x = drawn.input('x', [tokens, outputs]);
          const weight = drawn.input('w', [outputs]);
          const bias = hasBias ? { bias: drawn.input('b', [outputs]) } : {};
          const norm: Norm = { kind, weight, ...bias, epsilon: 1e-5 };
          const normalized = (by: Value) => (kind === 'rms' ? rmsNorm(x, by, 1e-5) : layerNorm(x, by, undefined, 1e-5));
          const bare = norm.bias ? add(normalized(weight), norm.bias) : normalized(weight);
          const [change, added, scaled] = ['change', 'added', 'scale'].map(name => drawn.input(name, [outputs]));
          const parts: Readonly<Record<string, [Contribution, Value]>> = {
            weight: [{ weight: change! }, normalized(change!)],
            bias: [{ bias: added! }, added!],
            outputScale: [{ outputScale: scaled! }, mul(bare, scaled!)],
          };
          const expected = names.reduce((sum, name) => add(sum, parts[name]![1]), bare);
          const attach = attachmentsOf({ norm: names.map(name => parts[name]![0]) });
          assertClose(drawn, attach.norm('norm', x, norm), expected, `${names}, bias ${hasBias}`);
        }
      }
    });
  }
});

it('a table is scaled by its columns', () => {
  const drawn = new Drawn();
  const [table, by] = [drawn.input('table', [tokens, outputs]), drawn.input('scale', [outputs])];
  const expected = add(table, mul(table, reshape(scale(by, 1), [1, outputs])));
  assertClose(drawn, attachmentsOf({ table: [{ outputScale: by }] }).weight('table', table), expected, 'table');
});

it('a map of 8-bit integers stays one under a scale, and is in float32 where its weight changes', () => {
  const roundedProducts = (names: readonly string[]) => {
    const drawn = new Drawn();
    const { graph } = drawn;
    const x = drawn.input('x', [tokens, inputs]);
    const quantized = { values: graph.input('values', 'int8', [inputs, outputs]), scales: drawn.input('s', [outputs]) };
    const map: LinearMap = { site: 'map', weight: drawn.input('W', [outputs, inputs]), quantized };
    const all = contributionsTo(drawn);
    const parts = names.map(name => all[name]!);
    const y = attachmentsOf({ map: parts }).linear(x, map);
    drawn.feeds.values = tensor(
      [inputs, outputs],
      draw(inputs * outputs, 'values').map(value => Math.round(40 * value)),
    );
    const used = graph.nodes.filter(({ op }) => op === 'DynamicQuantizeMatMul').length;
    return { drawn, x, y, parts, quantized, used };
  };
  for (const [name, of] of Object.entries({
    inputScale: ({ x, parts, quantized }: ReturnType<typeof roundedProducts>) =>
      quantizedProduct(add(x, mul(x, parts[0]!.inputScale!)), quantized),
    outputScale: ({ x, parts, quantized }: ReturnType<typeof roundedProducts>) => {
      const bare = quantizedProduct(x, quantized);
      return add(bare, mul(bare, parts[0]!.outputScale!));
    },
  })) {
    const found = roundedProducts([name]);
    assert.equal(found.used, 1, name);
    assertClose(found.drawn, found.y, of(found), name);
  }
  assert.equal(roundedProducts(['inputScale', 'outputScale']).used, 0);
  assert.equal(roundedProducts(['weight', 'outputScale']).used, 0);
});
