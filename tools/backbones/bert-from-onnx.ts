import { fromBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, type TensorProto, TensorProto_DataType } from 'onnx-buf';
import { bytesOf, type TensorSource } from '../../src/files/safetensors-arrays.ts';
import { BackboneError } from './backbone-error.ts';

/**
 * The weights of a PyTorch model that was exported to ONNX, by their names in PyTorch. The exporter keeps the names of
 * all but the linear layers' matrices, which it stores transposed and numbers (`onnx::MatMul_1525`): such a matrix has
 * the name of the bias that is added to its product.
 * @throws BackboneError where a weight is no float32 in the file itself, or finds no name
 */
export function weightsFromOnnx(model: Uint8Array): Map<string, TensorSource> {
  const graph = fromBinary(ModelProtoSchema, model).graph;
  if (graph === undefined) throw new BackboneError('the ONNX model has no graph');
  const names = matrixNames(graph);
  return new Map(
    graph.initializer.map(tensor => {
      const matrix = names.get(tensor.name);
      if (matrix === undefined && tensor.name.includes('::')) throw new BackboneError(`${tensor.name} finds no name`);
      return matrix === undefined ? [tensor.name, asStored(tensor)] : [matrix, transposed(tensor)];
    }),
  );
}

/** PyTorch's names of the nameless matrices, by their names in the graph. */
function matrixNames({ node, initializer }: GraphProto): Map<string, string> {
  const stored = new Set(initializer.map(({ name }) => name));
  const biasOf = new Map<string, string>();
  for (const { opType, input } of node) {
    const bias = opType === 'Add' && input.find(name => stored.has(name) && name.endsWith('.bias'));
    if (bias) for (const name of input) biasOf.set(name, bias);
  }
  const names = new Map<string, string>();
  for (const { opType, input, output } of node) {
    const [, matrix = ''] = input;
    const bias = biasOf.get(output[0] ?? '');
    if (opType === 'MatMul' && stored.has(matrix) && bias) names.set(matrix, bias.replace(/bias$/, 'weight'));
  }
  if (new Set(names.values()).size < names.size)
    throw new BackboneError('two matrices of the ONNX model have one bias');
  return names;
}

function asStored(tensor: TensorProto): TensorSource {
  const values = valuesOf(tensor);
  return { dtype: 'F32', shape: tensor.dims.map(Number), bytes: () => bytesOf(values) };
}

/** [inputs, outputs] as PyTorch has it: [outputs, inputs]. */
function transposed(tensor: TensorProto): TensorSource {
  const values = valuesOf(tensor);
  const [rows, columns] = tensor.dims.map(Number) as [number, number];
  const bytes = () => {
    const turned = new Float32Array(values.length);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j]!;
    }
    return bytesOf(turned);
  };
  return { dtype: 'F32', shape: [columns, rows], bytes };
}

function valuesOf({ name, dataType, dims, rawData }: TensorProto): Float32Array {
  const count = dims.reduce((product, extent) => product * Number(extent), 1);
  if (dataType !== TensorProto_DataType.FLOAT || rawData.length !== count * 4) {
    throw new BackboneError(`${name} is not stored as ${count} float32 in the ONNX file`);
  }
  // A copy, since the bytes begin anywhere in the file.
  return new Float32Array(new Uint8Array(rawData).buffer);
}
