import type { AnswerMode } from '../core/program.ts';
import { RUNTIME_BYTES, simulateSession } from '../runtime/memory/session-memory.ts';
import type { BatchSize, ProgramGraphs } from '../runtime/program-graphs.ts';

/** Resident memory at a stage's peak, by what holds it. */
export interface StageMemory {
  /** This process as it is now (Node.js, the tokenizer, the task's data), and ONNX Runtime's library. */
  readonly processBytes: number;
  /** The sessions that train: weights, activations, gradients. */
  readonly trainingBytes: number;
  /** The sessions that answer the validation set. */
  readonly generationBytes: number;
  /** Flat arrays: the modules' parameters, their gradients and moments, and the copies a step makes. */
  readonly arraysBytes: number;
  readonly peakBytes: number;
}

interface Sized {
  readonly size: BatchSize;
}

/**
 * Sizes simulated of a stage: its largest, and others on the way there, as an arena's layout depends on what came
 * before.
 */
const SIMULATED_SIZES = 12;

/**
 * Peak memory of a stage, by simulating its sessions on batches of its sizes. An arena gives nothing back, so that a
 * stage ends with the sum of what each of its sessions ever needed.
 */
export function stageMemory(
  graphs: ProgramGraphs,
  { training, generation }: { readonly training: readonly Sized[]; readonly generation: readonly Sized[] },
  options: {
    readonly prepack?: boolean;
    /** Whether the stage differentiates gradients, in a session of its own. */
    readonly curvature: boolean;
    /** How validations are answered. */
    readonly answers: AnswerMode;
    readonly processBytes: number;
    /** Length of the delta vector, and how many float32 arrays of that length a step holds. */
    readonly deltaSize: number;
    readonly arrays: number;
  },
): StageMemory {
  let trainingBytes = 0;
  for (const graph of [graphs.training, ...(options.curvature ? [graphs.curvature()] : [])]) {
    const trainer = simulateSession(graph, options);
    for (const size of representatives(training)) trainer.run(graphs.extents(size));
    trainingBytes += trainer.residentBytes();
  }

  const answering = graphs.answering(options.answers).map(({ graph }) => simulateSession(graph, options));
  let passedBytes = 0;
  for (const size of representatives(generation)) {
    const extents = graphs.extents(size);
    for (const session of answering) session.run(extents);
    // What a graph puts out passes through JavaScript on its way to the next one, keys and values from one token to the
    // next.
    passedBytes = Math.max(
      passedBytes,
      answering.reduce((sum, session) => sum + session.outputBytes(extents), 0),
    );
  }
  const generationBytes = answering.reduce((sum, session) => sum + session.residentBytes(), passedBytes);

  const processBytes = options.processBytes + RUNTIME_BYTES;
  const arraysBytes = 4 * options.deltaSize * options.arrays;
  const peakBytes = processBytes + trainingBytes + generationBytes + arraysBytes;
  return { processBytes, trainingBytes, generationBytes, arraysBytes, peakBytes };
}

/** At most so many sizes, evenly chosen from the smallest to the largest, in the order given. */
function representatives(runs: readonly Sized[]): BatchSize[] {
  const bySize = runs.map(({ size }) => size).sort((a, b) => tokens(a) - tokens(b));
  const last = bySize.length - 1;
  const places = Array.from({ length: SIMULATED_SIZES }, (_, i) => Math.round((i * last) / (SIMULATED_SIZES - 1)));
  const chosen = new Set(places.map(place => bySize[place]));
  return runs.map(({ size }) => size).filter(size => chosen.has(size));
}

const tokens = ({ rows, source, target }: BatchSize): number => rows * (source + target);
