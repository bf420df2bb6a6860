import { broadcastShapes } from '../shape.ts';
import type { Value } from '../types.ts';
import { held, inputOf, type OpDefinition, onlyGradient } from './definition.ts';

/** a + b, broadcast as in NumPy. */
export const add = (a: Value, b: Value): Value => a.graph.apply('Add', [a, b])[0]!;
/** a − b, broadcast as in NumPy. */
export const sub = (a: Value, b: Value): Value => a.graph.apply('Sub', [a, b])[0]!;
/** a · b, broadcast as in NumPy. */
export const mul = (a: Value, b: Value): Value => a.graph.apply('Mul', [a, b])[0]!;
/** −x. */
export const neg = (x: Value): Value => x.graph.apply('Neg', [x])[0]!;
/** x held between two scalars of its type: for what is piecewise constant, as no gradient comes out. */
export const clip = (x: Value, low: Value, high: Value): Value => x.graph.apply('Clip', [x, low, high])[0]!;
/** 1 where x > 0, else 0, for x ≥ 0: exact, and three times as fast in ONNX Runtime as Sign. */
export const isPositive = (x: Value): Value => {
  const { graph } = x;
  return clip(graph.apply('Ceil', [x])[0]!, graph.scalar(0), graph.scalar(1));
};
/** Natural logarithm. */
export const log = (x: Value): Value => x.graph.apply('Log', [x])[0]!;
/** exp(x). */
export const exp = (x: Value): Value => x.graph.apply('Exp', [x])[0]!;
/** 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf = (x: Value): Value => x.graph.apply('Erf', [x])[0]!;
/** x · factor. */
export const scale = (x: Value, factor: number): Value => (factor === 1 ? x : mul(x, x.graph.scalar(factor)));

const binary = (op: string): OpDefinition['infer'] => {
  return ([a, b]) => [{ dtype: a!.dtype, shape: broadcastShapes(op, a!.shape, b!.shape) }];
};
/** The output has the input's type. */
export const unary: OpDefinition['infer'] = ([x]) => [{ dtype: x!.dtype, shape: x!.shape }];

export const elementwiseOps = {
  // d(a + b) = da + db
  Add: {
    infer: binary('Add'),
    gradient: context => [onlyGradient(context), onlyGradient(context)],
  },
  // d(a − b) = da − db
  Sub: {
    infer: binary('Sub'),
    gradient: context => [onlyGradient(context), context.wanted[1] ? neg(onlyGradient(context)) : undefined],
  },
  // d(ab) = b da + a db
  Mul: {
    infer: binary('Mul'),
    gradient: context => {
      const dy = onlyGradient(context);
      const [a, b] = [inputOf(context.node, 0), inputOf(context.node, 1)];
      return [context.wanted[0] ? mul(dy, held(b)) : undefined, context.wanted[1] ? mul(dy, held(a)) : undefined];
    },
  },
  Neg: { infer: unary, gradient: context => [neg(onlyGradient(context))] },
  Exp: { infer: unary, gradient: context => [mul(onlyGradient(context), held(context.node.outputs[0]!))] },
  // d log(x) = dx / x, and 1/x = exp(−log x)
  Log: { infer: unary, gradient: context => [mul(onlyGradient(context), exp(neg(held(context.node.outputs[0]!))))] },
  // d erf(x) = 2/√π exp(−x²) dx
  Erf: {
    infer: unary,
    gradient: context => {
      const x = held(inputOf(context.node, 0));
      return [mul(onlyGradient(context), scale(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))];
    },
  },
  // Piecewise constant: no gradient wherever there is a derivative.
  Ceil: { infer: unary, gradient: null },
  // Only ever clips what is piecewise constant already.
  Clip: { infer: unary, gradient: null },
  Identity: { infer: unary, gradient: context => [onlyGradient(context)] },
} satisfies Record<string, OpDefinition>;
