/**
 * `s3delta/graph`: the engine alone. Graphs over a closed set of operations, their gradients as plain nodes, ONNX,
 * sessions.
 */

export { gradients } from './graph/gradients.ts';
export { Graph } from './graph/graph.ts';
export { toOnnx } from './graph/onnx.ts';
export * as ops from './graph/ops/ops.ts';
export { type DataType, type Dim, GraphError, type Shape, type TensorType, type Value } from './graph/types.ts';
export { createSession, type Feed, type Feeds, type Session } from './runtime/session.ts';
