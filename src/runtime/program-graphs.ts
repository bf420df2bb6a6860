import type { AnswerMode } from '../core/program.ts';
import type { Graph } from '../graph/graph.ts';
import type { Extents } from '../graph/shape.ts';

/**
 * An encoder-decoder as two graphs that need nothing but token ids and masks, each with its inputs and outputs named as
 * Hugging Face's Optimum names them, and the ids that a generation begins with, is padded with and ends at.
 */
export interface StandaloneGraphs {
  /** (input_ids, attention_mask) → last_hidden_state. */
  readonly encoder: Graph;
  /** (input_ids, encoder_hidden_states, encoder_attention_mask) → logits. */
  readonly decoder: Graph;
  readonly startId: number;
  readonly padId: number;
  readonly endId: number;
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
