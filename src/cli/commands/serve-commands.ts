import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { SettingKey } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { queueStanding } from '../../experiments/queue/queue-standing.ts';
import type { QueueStanding } from '../../experiments/queue/queue-state.ts';
import { requireQueue } from '../../experiments/queue/schema.ts';
import { isLoopback } from '../../serve/guard.ts';
import type { Command, CommandContext, Output } from '../command.ts';
import type { ArgDef, ParsedArgs } from '../parse.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';
import { queueArg, withQueue } from './queue-commands.ts';

const pagePort = 4747;

/** Where to listen; `what` is opened to the network by another address. */
const hostArg = (what: string): ArgDef => ({
  type: 'string',
  valueHint: 'address',
  description: `address to listen on; any but a loopback one opens ${what} to the network (default 127.0.0.1)`,
});

export const serve: Command = {
  description: 'A live page over a folder of runs: curves, structures, comparisons',
  examples: {
    '': 'the runs in ./runs',
    '/data/runs': 'those of another folder',
  },
  args: {
    folder: { type: 'positional', required: false, description: 'folder that holds run folders (default runs)' },
    port: {
      type: 'string',
      valueHint: 'number',
      description: `where to listen; 0 is any free one (default ${pagePort})`,
    },
    host: hostArg('the page'),
    ...queueArg,
  },
  stopping: 'closing the page',
  async run(args, context) {
    if (args.queue === undefined && !process.env.S3DELTA_QUEUE) return servePage(args, context);
    return withQueue(args, {}, async queue => {
      await requireQueue(queue);
      return servePage(args, context, () => queueStanding(queue));
    });
  },
};

async function servePage(
  args: ParsedArgs,
  { signal, onEvent }: CommandContext,
  queue?: () => Promise<QueueStanding>,
): Promise<Output> {
  const folder = String(args.folder ?? 'runs');
  const host = String(args.host ?? '127.0.0.1');
  // Imported where a page is served: the server behind it would slow every start of the command line.
  const { serveRuns } = await import('../../serve/server.ts');
  const server = await serveRuns({ folder, host, port: portNumber(args.port, pagePort), queue });
  if (!isLoopback(host)) onEvent?.({ type: 'warning', text: 'everyone who reaches this machine can read these runs' });
  if (!existsSync(folder))
    onEvent?.({ type: 'message', text: `there is no folder ${folder} yet: its runs are shown as they come` });
  onEvent?.({ type: 'message', text: `${folder} is shown at ${server.url} (Ctrl-C ends it)` });
  if (queue) onEvent?.({ type: 'message', text: `the queue is shown at ${server.url}queue` });
  if (signal !== undefined && !signal.aborted) await once(signal, 'abort');
  await server.close();
  return { document: { folder, url: server.url }, lines: [] };
}

/** @throws InputError where that is no port */
function portNumber(given: unknown, standard: number): number {
  if (given === undefined) return standard;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new InputError(`\`${given}\` is no port`, {
    code: 'unknown-value',
    where: '--port',
    remedy: 'give a number from 0 to 65535',
  });
}

const keys = ['model', 'task', 'max-length', 'device', 'threads'] as const satisfies SettingKey[];
const modelPort = 4748;

export const serveModel: Command = {
  description: 'Answer requests over HTTP with what a run has trained, or an exported model: POST /predict',
  examples: {
    'runs/reviews': 'answers POST /predict on this machine',
    'exported --port 8080 --host 0.0.0.0': 'an exported model, for the network',
  },
  args: {
    run: { type: 'positional', required: true, description: 'run folder, or the folder of an exported model' },
    port: {
      type: 'string',
      valueHint: 'number',
      description: `where to listen; 0 is any free one (default ${modelPort})`,
    },
    host: hostArg('the model'),
    queue: {
      type: 'string',
      valueHint: 'number',
      description: 'inputs that may wait; more are refused with status 503 (default 1024)',
    },
    'batch-size': {
      type: 'string',
      valueHint: 'number',
      description: 'most inputs that are answered together (default 32)',
    },
    'max-body': { type: 'string', valueHint: 'bytes', description: 'most bytes of a request (default 1048576)' },
    ...settingsArgs(keys),
  },
  stopping: 'answering what waits',
  async run(args, { signal, onEvent, catalogue }) {
    const host = String(args.host ?? '127.0.0.1');
    const [queue, batchSize, mostBytes] = ['queue', 'batch-size', 'max-body'].map(flag =>
      wholeNumber(args[flag], flag),
    );
    // As in `serve`.
    const { serveModel: answer } = await import('../../serve/serve-model.ts');
    const server = await answer(String(args.run), {
      ...{ host, port: portNumber(args.port, modelPort), changes: readSettings(args, keys, catalogue) },
      ...(queue !== undefined && { queue }),
      ...(batchSize !== undefined && { batchSize }),
      ...(mostBytes !== undefined && { mostBytes }),
      ...(onEvent && { onEvent }),
    });
    if (!isLoopback(host)) {
      onEvent?.({ type: 'warning', text: 'everyone who reaches this machine can ask this model' });
    }
    onEvent?.({ type: 'message', text: `${args.run} answers at ${server.url}predict (Ctrl-C ends it)` });
    if (signal !== undefined && !signal.aborted) await once(signal, 'abort');
    await server.close();
    return { document: { run: String(args.run), url: server.url }, lines: [] };
  },
};

function wholeNumber(given: unknown, flag: string): number | undefined {
  if (given === undefined) return undefined;
  const number = Number(given);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InputError(`\`${given}\` is no count`, {
    code: 'unknown-value',
    where: `--${flag}`,
    remedy: 'give a whole number above 0',
  });
}
