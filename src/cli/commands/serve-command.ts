import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { InputError } from '../../core/errors.ts';
import { queueStanding } from '../../experiments/queue/queue-standing.ts';
import type { QueueStanding } from '../../experiments/queue/queue-state.ts';
import { requireQueue } from '../../experiments/queue/schema.ts';
import { isLoopback } from '../../serve/guard.ts';
import type { Command, CommandContext, Output } from '../command.ts';
import type { ArgDef, ParsedArgs } from '../parse.ts';
import { queueArg, withQueue } from './queue-commands.ts';

const standardPort = 4747;

/** Where to listen; `what` is opened to the network by another address. */
export const hostArg = (what: string): ArgDef => ({
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
      description: `where to listen; 0 is any free one (default ${standardPort})`,
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
  const server = await serveRuns({ folder, host, port: portNumber(args.port, standardPort), queue });
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
export function portNumber(given: unknown, standard: number): number {
  if (given === undefined) return standard;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new InputError(`\`${given}\` is no port`, {
    code: 'unknown-value',
    where: '--port',
    remedy: 'give a number from 0 to 65535',
  });
}
