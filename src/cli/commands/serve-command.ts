import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { InputError } from '../../core/errors.ts';
import { type QueueStanding, queueStanding } from '../../experiments/queue/queue-standing.ts';
import { requireQueue } from '../../experiments/queue/schema.ts';
import { isLoopback } from '../../serve/guard.ts';
import { serveRuns } from '../../serve/server.ts';
import type { Command, CommandContext, Output } from '../command.ts';
import type { ParsedArgs } from '../parse.ts';
import { queueArg, withQueue } from './queue-commands.ts';

const standardPort = 4747;

export const serve: Command = {
  description: 'A live page over a folder of runs: curves, structures, comparisons',
  args: {
    folder: { type: 'positional', required: false, description: 'folder that holds run folders (default runs)' },
    port: {
      type: 'string',
      valueHint: 'number',
      description: `where to listen; 0 is any free one (default ${standardPort})`,
    },
    host: {
      type: 'string',
      valueHint: 'address',
      description: 'address to listen on; any but a loopback one opens the page to the network (default 127.0.0.1)',
    },
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
  const server = await serveRuns({ folder, host, port: portNumber(args.port), queue });
  if (!isLoopback(host)) onEvent?.({ type: 'warning', text: 'everyone who reaches this machine can read these runs' });
  if (!existsSync(folder))
    onEvent?.({ type: 'message', text: `there is no folder ${folder} yet: its runs are shown as they come` });
  onEvent?.({ type: 'message', text: `${folder} is shown at ${server.url} (Ctrl-C ends it)` });
  if (queue) onEvent?.({ type: 'message', text: `the queue is shown at ${server.url}queue` });
  if (signal !== undefined && !signal.aborted) await once(signal, 'abort');
  await server.close();
  return { document: { folder, url: server.url }, lines: [] };
}

function portNumber(given: unknown): number {
  if (given === undefined) return standardPort;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new InputError(`\`${given}\` is no port`, {
    code: 'unknown-value',
    where: '--port',
    remedy: 'give a number from 0 to 65535',
  });
}
