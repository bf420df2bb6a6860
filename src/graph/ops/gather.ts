import { GraphError, type Value } from '../types.ts';
import { inputOf, type OpDefinition, onlyGradient } from './definition.ts';
import { cast, reshape, zeros } from './shaping.ts';

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
