import type { AnswerMode } from '../core/program.ts';
import type { Graph } from '../graph/graph.ts';
import { neededNodes } from '../graph/schedule.ts';
import { type Extents, elementsAt, extentAt } from '../graph/shape.ts';
import type { OpType } from '../graph/types.ts';

/**
 * A model as graphs that need nothing but token ids and masks, with files, inputs and outputs named as Hugging Face's
 * Optimum names them: `encoder_model` and `decoder_model_merged` of an encoder-decoder, `model` of an encoder.
 */
export interface StandaloneGraphs {
  /** By the names of their files, without an ending. */
  readonly graphs: Readonly<Record<string, Graph>>;
  /** How the graphs are asked: a name in the list of `export/onnx-forms.ts`. */
  readonly form: string;
  /** What whoever asks them has to know: the ids that a generation begins with, is padded with and ends at, … */
  readonly facts: Readonly<Record<string, number>>;
  /** What other programs read in config.json, and checkpoints may leave out. */
  readonly config: Readonly<Record<string, unknown>>;
  /** generation_config.json of a model that writes, where the checkpoint has none. */
  readonly generation?: Readonly<Record<string, unknown>>;
  /** Longest input in tokens, where the model has no positions beyond. */
  readonly longest?: number;
}

/**
 * A batch as far as its cost goes: rows, and the longest input and output among them, in tokens; of answers the most
 * allowed.
 */
export interface BatchSize {
  readonly rows: number;
  readonly source: number;
  readonly target: number;
}

/** One of the graphs that answer a batch of inputs. */
interface AnsweringGraph {
  readonly graph: Graph;
  /** How often it runs for a batch. */
  runs(size: BatchSize): number;
}

/** The graphs behind a program, none of them compiled: time and memory are planned from them. */
export interface ProgramGraphs {
  /** As the program's. */
  readonly tokensPerRun: number;
  /** One run gives the loss of a batch and its gradients. */
  readonly training: Graph;
  /** One run gives the gradient and its derivative along a direction. Large, so made when it is asked for. */
  curvature(): Graph;
  /** What answers a batch, in the order in which it runs; what one graph puts out stays in memory for the next. */
  answering(mode: AnswerMode): readonly AnsweringGraph[];
  /** Values of the graphs' named extents for a batch, padding included. */
  extents(size: BatchSize): Extents;
}

/** The operations that multiply matrices. */
export const PRODUCTS: readonly OpType[] = ['Gemm', 'FusedMatMul', 'DynamicQuantizeMatMul'];

/**
 * Operations of a graph's matrix products, of floating-point numbers or of integers (a multiplication and an addition
 * each count one).
 */
export function productFlops(graph: Graph, extents: Extents): number {
  let flops = 0;
  for (const node of neededNodes(graph)) {
    if (!PRODUCTS.includes(node.op)) continue;
    const inner = node.inputs[0]!.shape.at(node.attributes.transA === 1 ? -2 : -1)!;
    flops += 2 * extentAt(inner, extents) * elementsAt(node.outputs[0]!.shape, extents);
  }
  return flops;
}
