import { availableParallelism } from 'node:os';
import { dirname, sep } from 'node:path';
// Of the package that holds the types alone: the runtime itself may be fetched later, at the first start.
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { InputError } from '../core/errors.ts';
import type { Graph } from '../graph/graph.ts';
import { lower } from '../graph/lower.ts';
import { toOnnx } from '../graph/onnx.ts';
import { type DeviceName, devices } from './device.ts';

/** Where and how a session computes. */
export interface SessionSettings {
  /** Where to compute; the CPU by default. */
  readonly device?: DeviceName;
  /** Threads of one run; all cores by default. */
  readonly threads?: number;
  /** Reorder weights once for speed (8 to 15 %), at the price of a second copy of them in memory. Default true. */
  readonly prepack?: boolean;
  /** Told of every session of a program that was started, with the seconds that it took. */
  readonly onStart?: (seconds: number) => void;
}

/** What products can be computed in; the first is the one without a word. */
export const precisions = ['float32', 'int8'] as const;
type Precision = (typeof precisions)[number];

/** How programs of a model are compiled. */
export interface CompileSettings extends SessionSettings {
  /**
   * Hold only what enters each sub-layer, and compute the rest of it again in the backward pass: less memory for
   * activations, some 40 % more time. Default false.
   */
  readonly recompute?: boolean;
  /**
   * What products with the blocks' frozen weights are computed in, forward and backward. Default float32. With int8 a
   * weight that a module changes stays float32.
   */
  readonly precision?: Precision;
}

/** One input of a run: elements in row-major order, and their shape. */
export type Feed =
  | { readonly type: 'float32'; readonly data: Float32Array; readonly dims: readonly number[] }
  | { readonly type: 'int32'; readonly data: Int32Array; readonly dims: readonly number[] }
  | { readonly type: 'int64'; readonly data: BigInt64Array; readonly dims: readonly number[] }
  | { readonly type: 'bool'; readonly data: Uint8Array; readonly dims: readonly number[] };

/** What a graph reads: arrays, and what another session on the same device has left there (`CreateOptions`). */
export type Feeds = Readonly<Record<string, Feed | Tensor>>;

/** Gives back what sessions have left on a device; arrays are not concerned. */
export function disposeOf(feeds: Feeds): void {
  for (const feed of Object.values(feeds)) if ('dispose' in feed) feed.dispose();
}

/** A compiled graph. */
export interface Session {
  /** Runs the graph. Outputs by name; the arrays are the caller's. What was kept on the device is to be disposed of. */
  run(feeds: Feeds): Promise<Readonly<Record<string, Tensor>>>;
  /** Frees the session's memory; it cannot run afterwards. */
  release(): Promise<void>;
}

/** What is said of one session alone. */
export interface CreateOptions {
  /**
   * Outputs that only other sessions read: where the device can keep them they stay in its memory, and their `data`
   * cannot be read.
   */
  readonly kept?: readonly string[];
}

/**
 * Compiles a graph with ONNX Runtime. External tensors are mapped from their files, not read into JavaScript.
 * @throws InputError where the device is not the CPU and cannot start
 */
export async function createSession(
  graph: Graph,
  settings: SessionSettings = {},
  { kept = [] }: CreateOptions = {},
): Promise<Session> {
  const { lowerings, keepsOutputs } = devices[settings.device ?? 'cpu'];
  const written = lowerings ? lower(graph, lowerings) : graph;
  const folder = commonFolder(
    graph.constants.flatMap(({ constant }) => (constant && 'external' in constant ? [constant.external.location] : [])),
  );
  const options = sessionOptions(settings, { model_external_initializers_file_folder_path: folder });
  const places = Object.fromEntries(graph.outputs.map(({ name }) => [name, kept.includes(name) ? GPU : CPU]));
  return start(
    toOnnx(written, folder),
    {
      ...options,
      ...(keepsOutputs && kept.length > 0 && { preferredOutputLocation: places }),
    },
    settings,
  );
}

const [CPU, GPU] = ['cpu', 'gpu-buffer'] as const;

/** The same for an ONNX file, whose external tensors lie beside it. */
export function openSession(file: string, settings: SessionSettings = {}): Promise<Session> {
  return start(file, sessionOptions(settings), settings);
}

async function start(
  model: string | Uint8Array,
  options: InferenceSession.SessionOptions,
  { device = 'cpu' }: SessionSettings,
): Promise<Session> {
  const runtime = await loadRuntime();
  const { InferenceSession } = runtime;
  // One signature of `create` for each.
  const creating =
    typeof model === 'string' ? InferenceSession.create(model, options) : InferenceSession.create(model, options);
  const failure = (cause: Error) => asMemoryError(device === 'cpu' ? cause : cannotStart(device, cause));
  return wrap(await creating.catch(cause => Promise.reject(failure(cause))), runtime);
}

const NO_MEMORY = /bad_alloc|bad allocation|failed to allocate memory|cannot allocate memory|out of memory/i;

/** What the runtime could not have, as the user's limit that it is; any other error comes back as it is. */
export function asMemoryError(error: Error): Error {
  if (!NO_MEMORY.test(error.message)) return error;
  return new InputError('there is not enough memory', {
    code: 'not-enough-memory',
    remedy: 'give a smaller --micro-batch; `s3delta plan` says what a job needs',
    cause: error,
  });
}

type Runtime = typeof import('onnxruntime-common');

/**
 * ONNX Runtime, loaded where it is first needed: what only reads files starts without it.
 * @throws InputError where it is not installed, as it is where its install script failed
 */
export async function loadRuntime(): Promise<Runtime> {
  return import('onnxruntime-node').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new InputError('ONNX Runtime is not installed', {
      code: 'missing-package',
      remedy: 'npm install --ignore-scripts onnxruntime-node; or start `npx s3delta doctor` once, which fetches it',
      cause,
    });
  });
}

/** What a user is told of a device that does not start. */
export function cannotStart(device: DeviceName, cause: Error): InputError {
  return new InputError(`${device} cannot start: ${reasonOf(cause)}`, {
    code: 'device-unavailable',
    where: '--device',
    remedy: devices[device].remedy,
    cause,
  });
}

/** The sentence of an error of ONNX Runtime for people, without the source line before it. */
export function reasonOf({ message }: Error): string {
  return message
    .split('\n')[0]!
    .replace(/^.* was false\. /, '')
    .trim();
}

function sessionOptions(
  { device = 'cpu', threads, prepack }: SessionSettings,
  more: Readonly<Record<string, string>> = {},
): InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads ?? availableParallelism(),
    interOpNumThreads: 1,
    // What fails is thrown, and told in our words.
    logSeverityLevel: 4,
    // A pattern holds a second copy of all activations, and saves no time here: the arena finds its blocks again
    // anyway.
    enableMemPattern: false,
    extra: {
      // What a graph computes twice it computes twice on purpose (`graph/graph.ts`).
      optimization: { disable_specified_optimizers: 'CommonSubexpressionElimination' },
      session: {
        set_denormal_as_zero: '1',
        // Threads that wait, spinning, for the next run of one session would take cores from the session that runs:
        // sources are encoded by one and answers decoded by another, in turn.
        force_spinning_stop: '1',
        disable_prepacking: prepack === false ? '1' : '0',
        ...more,
      },
    },
  };
}

function wrap(session: InferenceSession, { Tensor }: Runtime): Session {
  return {
    run: async feeds => {
      const tensors: Record<string, Tensor> = {};
      for (const name of session.inputNames) {
        const feed = feeds[name];
        if (!feed) throw new Error(`the graph's input ${name} was not fed`);
        tensors[name] = 'dispose' in feed ? feed : new Tensor(feed.type, feed.data, feed.dims);
      }
      return session.run(tensors).catch(error => Promise.reject(asMemoryError(error))) as Promise<
        Record<string, Tensor>
      >;
    },
    release: () => session.release(),
  };
}

/**
 * The deepest folder that holds all of the files. ONNX Runtime reads external data below one folder only.
 * @throws InputError where no folder does, as on two drives of Windows
 */
export function commonFolder(files: readonly string[]): string {
  const [first = '.', ...others] = files.map(file => dirname(file));
  let folder = first;
  for (const other of others) {
    while (other !== folder && !other.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
      if (dirname(folder) === folder) {
        throw new InputError(`${first} and ${other} lie on two drives, and a graph reads files of one`, {
          code: 'two-drives',
          where: 'S3DELTA_CACHE',
          remedy: 'set S3DELTA_CACHE to a folder on the drive of the model: what is made from its weights lies there',
        });
      }
      folder = dirname(folder);
    }
  }
  return folder;
}
