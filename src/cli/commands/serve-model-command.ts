import { once } from 'node:events';
import type { SettingKey } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { isLoopback } from '../../serve/guard.ts';
import type { Command } from '../command.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';
import { hostArg, portNumber } from './serve-command.ts';

const keys = ['model', 'task', 'max-length', 'device', 'threads'] as const satisfies SettingKey[];
const standardPort = 4748;

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
      description: `where to listen; 0 is any free one (default ${standardPort})`,
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
      ...{ host, port: portNumber(args.port, standardPort), changes: readSettings(args, keys, catalogue) },
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
