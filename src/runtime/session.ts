import { availableParallelism } from 'node:os';
import { dirname, sep } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from '../graph/graph.ts';
import { toOnnx } from '../graph/onnx.ts';

export interface SessionSettings {
  /** Threads of one run; all cores by default. */
  readonly threads?: number;
  /** Reorder weights once for speed (8 to 15 %), at the price of a second copy of them in memory. Default true. */
  readonly prepack?: boolean;
  /** Told of every session of a program that was started, with the seconds that it took. */
  readonly onStart?: (seconds: number) => void;
}

/** How programs of a model are compiled. */
export interface CompileSettings extends SessionSettings {
  /**
   * Hold only what enters each sub-layer, and compute the rest of it again in the backward pass: less memory for
   * activations, some 40 % more time. Default false.
   */
  readonly recompute?: boolean;
  /**
   * What products with the blocks' frozen weights are computed in, forward and backward. Default float32. With int8 a weight
   * that a module changes stays float32.
   */
  readonly precision?: 'float32' | 'int8';
}

export type Feed =
  | { readonly type: 'float32'; readonly data: Float32Array; readonly dims: readonly number[] }
  | { readonly type: 'int32'; readonly data: Int32Array; readonly dims: readonly number[] }
  | { readonly type: 'int64'; readonly data: BigInt64Array; readonly dims: readonly number[] };

export type Feeds = Readonly<Record<string, Feed>>;

export interface Session {
  /** Runs the graph. Outputs by name; the arrays are the caller's. */
  run(feeds: Feeds): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

/** Compiles a graph with ONNX Runtime on the CPU. External tensors are mapped from their files, not read into JavaScript. */
export async function createSession(graph: Graph, settings: SessionSettings = {}): Promise<Session> {
  const folder = commonFolder(
    graph.constants.flatMap(({ constant }) => (constant && 'external' in constant ? [constant.external.location] : [])),
  );
  const options = sessionOptions(settings, { model_external_initializers_file_folder_path: folder });
  return wrap(await InferenceSession.create(toOnnx(graph, folder), options));
}

/** The same for an ONNX file, whose external tensors lie beside it. */
export async function openSession(file: string, settings: SessionSettings = {}): Promise<Session> {
  return wrap(await InferenceSession.create(file, sessionOptions(settings)));
}

function sessionOptions(
  { threads, prepack }: SessionSettings,
  more: Readonly<Record<string, string>> = {},
): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads ?? availableParallelism(),
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // A pattern holds a second copy of all activations, and saves no time here: the arena finds its blocks again anyway.
    enableMemPattern: false,
    extra: {
      // What a graph computes twice it computes twice on purpose (`graph/recompute.ts`).
      optimization: { disable_specified_optimizers: 'CommonSubexpressionElimination' },
      session: { set_denormal_as_zero: '1', disable_prepacking: prepack === false ? '1' : '0', ...more },
    },
  };
}

function wrap(session: InferenceSession): Session {
  return {
    run: async feeds => {
      const tensors: Record<string, Tensor> = {};
      for (const name of session.inputNames) {
        const feed = feeds[name];
        if (!feed) throw new Error(`the graph's input ${name} was not fed`);
        tensors[name] = new Tensor(feed.type, feed.data, feed.dims);
      }
      return session.run(tensors) as Promise<Record<string, Tensor>>;
    },
    release: () => session.release(),
  };
}

/** The deepest folder that holds all of the files. ONNX Runtime reads external data below one folder only. */
export function commonFolder(files: readonly string[]): string {
  const [first = '.', ...others] = files.map(file => dirname(file));
  let folder = first;
  for (const other of others) {
    while (other !== folder && !other.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
      if (dirname(folder) === folder) throw new Error(`${first} and ${other} have no folder in common`);
      folder = dirname(folder);
    }
  }
  return folder;
}
