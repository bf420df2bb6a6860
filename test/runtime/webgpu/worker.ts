import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { loadModel } from '../../../src/models/load-model.ts';
import { createSession } from '../../../src/runtime/session.ts';
import { buildCase, feedsOf, toRuntime } from '../../graph/built-case.ts';
import { opCases } from '../../graph/cases.ts';
import { kitCases } from '../../models/kit/cases.ts';
import { type Answers, ask, askExported, fixtureFolder, type Question } from './answers.ts';

/** A node of a graph as ONNX Runtime's profile has it. */
export interface ProfiledNode {
  readonly op: string;
  readonly provider: string;
  /** Types of its inputs. */
  readonly types: readonly string[];
}

/** What the worker is asked: a program's answers, an exported model's, or a case of an operation or a model's part. */
export type Request =
  | ({ readonly type: 'question' } & Question)
  | { readonly type: 'exported'; readonly folder: string }
  | { readonly type: 'operation'; readonly name: string };

export interface Reply {
  readonly answers: Answers;
  /** Sessions that are still open after them. */
  readonly open: number;
  /** Every node of every session since the last request, an entry a run. */
  readonly nodes: readonly ProfiledNode[];
}

interface ProfileEvent {
  readonly name: string;
  readonly args?: {
    readonly op_name: string;
    readonly provider: string;
    readonly input_type_shape: readonly Record<string, unknown>[];
  };
}

const scratch = mkdtempSync(join(tmpdir(), 's3delta-webgpu-'));
process.once('exit', () => rmSync(scratch, { recursive: true }));

// Every session is profiled, those too that a program starts deep inside.
const create = InferenceSession.create.bind(InferenceSession) as (...args: unknown[]) => Promise<InferenceSession>;
Object.assign(InferenceSession, {
  create: (model: unknown, options: InferenceSession.SessionOptions) =>
    create(model, { ...options, enableProfiling: true, profileFilePrefix: join(scratch, 'session') }),
});

/** Takes the profiles of the sessions that were released; those of the others stay. */
function readProfiles(): ProfiledNode[] {
  const events = readdirSync(scratch).flatMap(name => {
    const file = join(scratch, name);
    const text = readFileSync(file, 'utf8');
    // An open session's is no whole document yet.
    if (!text.trimEnd().endsWith(']')) return [];
    rmSync(file);
    return JSON.parse(text) as ProfileEvent[];
  });
  return events
    .filter(({ name }) => name.endsWith('_kernel_time'))
    .map(({ args }) => ({
      op: args!.op_name,
      provider: args!.provider,
      types: args!.input_type_shape.flatMap(input => Object.keys(input)),
    }));
}

// Held for all requests, so that none compiles again the kernels that one before it has compiled (`keepingDevice`).
const holder = await loadModel(fixtureFolder('tiny-t5'), { device: 'webgpu' });
await holder.compile([]);

const requests: {
  readonly [Type in Request['type']]: (request: Extract<Request, { type: Type }>) => Promise<Answers>;
} = {
  question: request => ask(request, 'webgpu'),
  exported: request => askExported(request.folder, 'webgpu'),
  operation: request => runCase(request.name),
};

async function runCase(name: string): Promise<Answers> {
  const test = [...opCases, ...kitCases].find(each => each.name === name)!;
  const built = buildCase(test);
  const session = await createSession(built.graph, { device: 'webgpu', threads: 1 });
  const outputs = await session.run(toRuntime(built.graph, feedsOf(test)));
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([key, { data }]) => [key, data as Float32Array]));
}

// The device has a process of its own, because it must be started with an environment of its own.
process.on('message', async (request: Request) => {
  const answers = await requests[request.type](request as never);
  const nodes = readProfiles();
  process.send!({ answers, open: readdirSync(scratch).length, nodes } satisfies Reply);
});
