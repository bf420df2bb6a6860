import { factorsOf, normalizeAxis, parseShape, productOf, sameShape, sizeOf } from '../shape.ts';
import { type Dim, type GraphBuilder, GraphError, type Shape, type Value } from '../types.ts';
import { inputOf, type OpDefinition, onlyGradient } from './definition.ts';

/** The same elements under another shape. At most one extent may be a product of names: it is inferred at run time. */
export function reshape(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (x.node?.op === 'Reshape') return reshape(x.node.inputs[0]!, shape);
  if (productOf(x.shape) !== productOf(shape))
    throw new GraphError('Reshape', `[${x.shape}] has other elements than [${shape}]`);
  const inferred = inferredAxis(shape);
  const target = shapeValue(
    x,
    shape.map((dim, axis) => (axis === inferred ? -1 : dim)),
  );
  return x.graph.apply('Reshape', [x, target], { target: shape.join() })[0]!;
}

/** x broadcast to `shape`. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  return x.graph.apply('Expand', [x, shapeValue(x, shape)], { target: shape.join() })[0]!;
}

/** x with its axes in another order: axis i of the result is axis permutation[i] of x. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  return x.graph.apply('Transpose', [x], { perm: permutation })[0]!;
}

/** Consecutive pieces of x along `axis`, `sizes[i]` long. The pieces of a concatenation are what was concatenated. */
export function split(x: Value, sizes: readonly number[], axis = 0): readonly Value[] {
  const along = normalizeAxis('Split', axis, x.shape.length);
  if (x.node?.op === 'Concat' && x.node.attributes.axis === along) {
    const pieces = x.node.inputs as readonly Value[];
    if (pieces.length === sizes.length && pieces.every(({ shape }, i) => shape[along] === sizes[i])) return pieces;
  }
  return x.graph.apply('Split', [x, x.graph.int64s(sizes)], { axis: along, sizes });
}

/** Values one after the other along `axis`; `extent` names the sum of their extents there, where these are names. */
export function concat(values: readonly Value[], axis = 0, extent?: string): Value {
  const [first] = values;
  if (!first) throw new GraphError('Concat', 'needs at least one value');
  if (values.length === 1) return first;
  const along = normalizeAxis('Concat', axis, first.shape.length);
  return first.graph.apply('Concat', values, { axis: along, ...(extent !== undefined && { extent }) })[0]!;
}

/** x from `start` to before `end` along `axis`, both int64 [1]: as much as `extent` names. */
export function slice(x: Value, axis: number, [start, end]: readonly [Value, Value], extent: string): Value {
  return x.graph.apply('Slice', [x, start, end, x.graph.int64s([axis])], { axis, extent })[0]!;
}

/** ONNX's numbers of the types a value can be cast to. */
const CAST_CODES = { float32: 1, int64: 7 } as const;

/** x as another type of elements; x itself where it is of that type. */
export function cast(x: Value, dtype: keyof typeof CAST_CODES): Value {
  return x.dtype === dtype ? x : x.graph.apply('Cast', [x], { to: CAST_CODES[dtype] })[0]!;
}

/** 0, 1, 2, … as far as a named extent goes: int64 [extent]. */
export function range(graph: GraphBuilder, extent: Dim): Value {
  const inputs = [graph.int64(0), reshape(graph.extent(extent), []), graph.int64(1)];
  return graph.apply('Range', inputs, { extent: String(extent) })[0]!;
}

/** A float32 tensor of zeros. */
export function zeros(like: Value): Value {
  return expand(like.graph.scalar(0), like.shape);
}

function inferredAxis(shape: Shape): number {
  const compound = shape.findIndex(dim => typeof dim === 'string' && dim.includes('*'));
  return compound >= 0 ? compound : shape.findLastIndex(dim => typeof dim === 'string');
}

/** A shape as an int64 tensor, named extents read off the graph's inputs. */
function shapeValue({ graph }: Value, shape: Shape): Value {
  if (shape.every(dim => typeof dim === 'number')) return graph.int64s(shape as number[]);
  const extents = shape.map(dim =>
    factorsOf(dim)
      .map(factor => graph.extent(factor))
      .reduce((a, b) => graph.apply('Mul', [a, b])[0]!),
  );
  return concat(extents);
}

/** `target` repeats the shape with its names. */
const toTarget: OpDefinition['infer'] = ([x], attributes) => [
  { dtype: x!.dtype, shape: parseShape(attributes.target as string) },
];

export const shapeOps = {
  Reshape: {
    internal: ['target'],
    infer: toTarget,
    gradient: context => [reshape(onlyGradient(context), inputOf(context.node, 0).shape), undefined],
  },
  // The walker sums the gradient back to the input's shape.
  Expand: { internal: ['target'], infer: toTarget, gradient: context => [onlyGradient(context), undefined] },
  Transpose: {
    infer: ([x], attributes) => {
      const permutation = attributes.perm as readonly number[];
      if (permutation.length !== x!.shape.length)
        throw new GraphError('Transpose', `[${permutation}] does not permute [${x!.shape}]`);
      return [{ dtype: x!.dtype, shape: permutation.map(axis => x!.shape[axis]!) }];
    },
    gradient: context => {
      const permutation = context.node.attributes.perm as readonly number[];
      return [
        transpose(
          onlyGradient(context),
          permutation.map((_, axis) => permutation.indexOf(axis)),
        ),
      ];
    },
  },
  Split: {
    internal: ['sizes'],
    infer: ([x], attributes) => {
      const { sizes, axis } = attributes as { sizes: readonly number[]; axis: number };
      const total = sizes.reduce((sum, size) => sum + size, 0);
      if (x!.shape[axis] !== total) throw new GraphError('Split', `[${x!.shape}] is not ${total} long on axis ${axis}`);
      return sizes.map(size => ({ dtype: x!.dtype, shape: x!.shape.with(axis, size) }));
    },
    gradient: context => {
      const pieces = context.node.outputs.map((output, index) => context.outputGradients[index] ?? zeros(output));
      return [concat(pieces, context.node.attributes.axis as number), undefined];
    },
  },
  // `extent` names the whole where that is no number.
  Concat: {
    internal: ['extent'],
    infer: (inputs, attributes) => {
      const { axis, extent } = attributes as { axis: number; extent?: string };
      const [first] = inputs;
      for (const { shape } of inputs) {
        if (!sameShape(shape.with(axis, 0), first!.shape.with(axis, 0))) {
          throw new GraphError('Concat', `[${first!.shape}] and [${shape}] differ beside axis ${axis}`);
        }
      }
      const total = extent ?? inputs.reduce((sum, { shape }) => sum + sizeOf('Concat', [shape[axis]!]), 0);
      return [{ dtype: first!.dtype, shape: first!.shape.with(axis, total) }];
    },
    gradient: context => {
      const axis = context.node.attributes.axis as number;
      return split(
        onlyGradient(context),
        context.node.inputs.map(input => input!.shape[axis] as number),
        axis,
      );
    },
  },
  Cast: {
    infer: ([x], attributes) => [
      { dtype: attributes.to === CAST_CODES.float32 ? 'float32' : 'int64', shape: x!.shape },
    ],
    // What is cast is a frozen weight or an index.
    gradient: null,
  },
  // Only ever cuts what a model remembers or reads, which is not trained.
  Slice: {
    internal: ['axis', 'extent'],
    infer: ([x], { axis, extent }) => [{ dtype: x!.dtype, shape: x!.shape.with(axis as number, extent as string) }],
    gradient: null,
  },
  // `extent` repeats the number of elements with its name.
  Range: {
    internal: ['extent'],
    infer: (_, attributes) => [{ dtype: 'int64', shape: parseShape(attributes.extent as string) }],
    gradient: null,
  },
  Shape: {
    infer: (_, attributes) => [{ dtype: 'int64', shape: [(attributes.end as number) - (attributes.start as number)] }],
    gradient: null,
  },
} satisfies Record<string, OpDefinition>;

/** Rows of a table: table [rows, …], indices [n] int → [n, …]. */
export const gather = (table: Value, indices: Value): Value =>
  table.graph.apply('Gather', [table, indices], { axis: 0 })[0]!;

/** x[n, indices[n, j]]: x [n, k], indices [n, j] int → [n, j]. */
export const gatherElements = (x: Value, indices: Value): Value =>
  x.graph.apply('GatherElements', [x, indices], { axis: 1 })[0]!;

/** The transpose of `gatherElements`: zeros shaped like `into`, with `updates` added at the indices. */
const scatterElements = (into: Value, indices: Value, updates: Value): Value =>
  into.graph.apply('ScatterElements', [zeros(into), indices, updates], { axis: 1, reduction: 'add' })[0]!;

/** The transpose of `gather`: zeros shaped like `table`, with row n of `updates` added to row indices[n]. */
const scatterRows = (table: Value, indices: Value, updates: Value): Value => {
  const column = cast(reshape(indices, [indices.shape[0]!, 1]), 'int64');
  return table.graph.apply('ScatterND', [zeros(table), column, updates], { reduction: 'add' })[0]!;
};

export const gatherOps = {
  Gather: {
    infer: ([table, indices]) => {
      if (indices!.shape.length !== 1)
        throw new GraphError('Gather', `indices must be a list, got [${indices!.shape}]`);
      return [{ dtype: table!.dtype, shape: [...indices!.shape, ...table!.shape.slice(1)] }];
    },
    gradient: context => [
      scatterRows(inputOf(context.node, 0), inputOf(context.node, 1), onlyGradient(context)),
      undefined,
    ],
  },
  GatherElements: {
    infer: ([x, indices]) => [{ dtype: x!.dtype, shape: indices!.shape }],
    gradient: context => [
      scatterElements(inputOf(context.node, 0), inputOf(context.node, 1), onlyGradient(context)),
      undefined,
    ],
  },
  // Only ever adds onto zeros, so the gradient concerns the updates alone.
  ScatterElements: {
    infer: ([into]) => [{ dtype: into!.dtype, shape: into!.shape }],
    gradient: context => [undefined, undefined, gatherElements(onlyGradient(context), inputOf(context.node, 1))],
  },
  ScatterND: {
    infer: ([into]) => [{ dtype: into!.dtype, shape: into!.shape }],
    gradient: context => {
      const column = inputOf(context.node, 1);
      return [undefined, undefined, gather(onlyGradient(context), reshape(column, [column.shape[0]!]))];
    },
  },
} satisfies Record<string, OpDefinition>;
