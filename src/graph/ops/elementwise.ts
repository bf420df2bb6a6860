import { broadcastShapes } from '../shape.ts';
import { GraphError, type Value } from '../types.ts';
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
const unary: OpDefinition['infer'] = ([x]) => [{ dtype: x!.dtype, shape: x!.shape }];

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

/** tanh(x). */
export const tanh = (x: Value): Value => x.graph.apply('Tanh', [x])[0]!;
/** max(x, 0). */
export const relu = (x: Value): Value => x.graph.apply('Relu', [x])[0]!;
/** 1 / (1 + exp(−x)). */
export const sigmoid = (x: Value): Value => x.graph.apply('Sigmoid', [x])[0]!;
/** x · sigmoid(x), also called swish. ONNX Runtime's QuickGelu is x · sigmoid(alpha x). */
export const silu = (x: Value): Value => x.graph.apply('QuickGelu', [x], { alpha: { float: 1 } })[0]!;
/** gelu_new: the tanh form, as in T5 v1.1, GPT-2 and the adapters. */
export const gelu = (x: Value): Value => x.graph.apply('Gelu', [x], { approximate: 'tanh' })[0]!;
/** x Φ(x) with the normal distribution's own Φ: what configs call "gelu", as in BERT and its kin. */
export const exactGelu = (x: Value): Value => x.graph.apply('Gelu', [x], { approximate: 'none' })[0]!;

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

/** d gelu_new / dx = ½(1 + t) + ½ x (1 − t²) u′ with t = tanh(u), u = √(2/π) (x + 0.044715 x³). */
function geluDerivative(x: Value): Value {
  const { graph } = x;
  const squared = mul(x, x);
  const u = mul(x, add(scale(squared, SQRT_2_OVER_PI * GELU_CUBIC), graph.scalar(SQRT_2_OVER_PI)));
  const uDerivative = add(scale(squared, 3 * SQRT_2_OVER_PI * GELU_CUBIC), graph.scalar(SQRT_2_OVER_PI));
  const t = tanh(u);
  const oneMinusSquare = sub(graph.scalar(1), mul(t, t));
  return scale(add(add(t, graph.scalar(1)), mul(mul(x, uDerivative), oneMinusSquare)), 0.5);
}

/** d xΦ(x) / dx = Φ(x) + x φ(x) = ½(1 + erf(t)) + t exp(−t²)/√π with t = x/√2. */
function exactGeluDerivative(x: Value): Value {
  const { graph } = x;
  const t = scale(x, Math.SQRT1_2);
  const density = mul(t, exp(neg(mul(t, t))));
  return add(scale(add(erf(t), graph.scalar(1)), 0.5), scale(density, 1 / Math.sqrt(Math.PI)));
}

/** d x s(x) / dx = s (1 + x (1 − s)) with the sigmoid s, computed again: x is held anyway. */
function siluDerivative(x: Value): Value {
  const one = x.graph.scalar(1);
  const s = sigmoid(x);
  return mul(s, add(mul(x, sub(one, s)), one));
}

export const activationOps = {
  // d tanh(x) = (1 − tanh²(x)) dx
  Tanh: {
    infer: unary,
    gradient: context => {
      const y = held(context.node.outputs[0]!);
      return [mul(onlyGradient(context), sub(y.graph.scalar(1), mul(y, y)))];
    },
  },
  // d relu(x) = [x > 0] dx, which the output tells as well as the input, so the input need not be kept
  Relu: {
    infer: unary,
    gradient: context => [mul(onlyGradient(context), isPositive(held(context.node.outputs[0]!)))],
  },
  // d s(x) = s (1 − s) dx
  Sigmoid: {
    infer: unary,
    gradient: context => {
      const y = held(context.node.outputs[0]!);
      return [mul(onlyGradient(context), mul(y, sub(y.graph.scalar(1), y)))];
    },
  },
  QuickGelu: {
    domain: 'com.microsoft',
    infer: ([x], { alpha }) => {
      if ((alpha as { float: number }).float !== 1) throw new GraphError('QuickGelu', 'only alpha = 1, SiLU, is used');
      return [{ dtype: x!.dtype, shape: x!.shape }];
    },
    gradient: context => [mul(onlyGradient(context), siluDerivative(held(inputOf(context.node, 0))))],
  },
  Gelu: {
    infer: unary,
    gradient: context => {
      const derivative = context.node.attributes.approximate === 'tanh' ? geluDerivative : exactGeluDerivative;
      return [mul(onlyGradient(context), derivative(held(inputOf(context.node, 0))))];
    },
  },
} satisfies Record<string, OpDefinition>;
