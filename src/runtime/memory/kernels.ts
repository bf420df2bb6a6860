import type { OpType } from '../../graph/types.ts';

/** Where a kernel of ONNX Runtime's CPU provider puts its first output. */
export interface Placement {
  /** The output is this input's memory, always. */
  readonly alias?: number;
  /**
   * The output may take over the memory of one of these inputs, tried in turn, where nothing needs the input any more.
   */
  readonly inPlace?: readonly number[];
}

const OWN: Placement = {};
const UNARY: Placement = { inPlace: [0] };
const VIEW: Placement = { alias: 0 };

/** What each kernel declares at its registration (`Alias`, `MayInplace` of its `KernelDefBuilder`). */
export const placements: Readonly<Record<OpType, Placement>> = {
  Add: OWN,
  Sub: OWN,
  Mul: OWN,
  Neg: UNARY,
  Tanh: UNARY,
  Exp: UNARY,
  Log: UNARY,
  Relu: UNARY,
  Sigmoid: UNARY,
  Ceil: UNARY,
  Clip: UNARY,
  Softmax: UNARY,
  LogSoftmax: UNARY,
  Cast: UNARY,
  ScatterElements: UNARY,
  ScatterND: UNARY,
  Reshape: VIEW,
  Identity: VIEW,
  Erf: OWN,
  Gelu: OWN,
  QuickGelu: OWN,
  Gemm: OWN,
  FusedMatMul: OWN,
  DynamicQuantizeMatMul: OWN,
  MatMul: OWN,
  LayerNormalization: OWN,
  SimplifiedLayerNormalization: OWN,
  ReduceSum: OWN,
  ReduceMax: OWN,
  ArgMax: OWN,
  Transpose: OWN,
  Expand: OWN,
  Slice: OWN,
  Split: OWN,
  Concat: OWN,
  Shape: OWN,
  Range: OWN,
  Gather: OWN,
  GatherElements: OWN,
};
