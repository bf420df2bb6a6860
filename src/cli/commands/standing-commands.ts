import { queueKeys } from '../../experiments/executors/executors.ts';
import { experimentStanding, stopExperiment } from '../../experiments/experiment-standing.ts';
import { tableLines } from '../../report/table.ts';
import type { Command } from '../command.ts';
import type { ArgsDef, ParsedArgs } from '../parse.ts';
import { schemaArgs } from '../settings-args.ts';
import { wholeQueue } from './queue-commands.ts';

const ofExperiment = 'folder of a comparison, sweep, spread or transfer (its --out)';

/** An experiment's folder, and what says where its queue is. */
const folderArgs = (required: boolean): ArgsDef => ({
  out: {
    type: 'positional',
    required,
    description: required ? ofExperiment : `${ofExperiment}; without it, all that --queue holds`,
  },
  ...schemaArgs(queueKeys(), Object.keys(queueKeys())),
});

function reach(args: ParsedArgs): Record<string, unknown> {
  const given = Object.keys(queueKeys()).filter(key => args[key] !== undefined);
  return Object.fromEntries(given.map(key => [key, args[key]]));
}

export const status: Command = {
  description: 'Say how the runs of a comparison, sweep, spread or transfer stand, in their folders and in their queue',
  args: () => folderArgs(false),
  async run(args) {
    if (args.out === undefined) return wholeQueue(args);
    const out = String(args.out);
    const runs = await experimentStanding(out, reach(args));
    const byState = Map.groupBy(runs, ({ state }) => state);
    const counts = [...byState].map(([state, { length }]) => [state, length] as const);
    const open = runs.filter(({ state }) => state !== 'done');
    const rows = open.map(({ run, says }) => [run, says.split('\n').join(' — ')]);
    return {
      document: { folder: out, counts: Object.fromEntries(counts), runs },
      lines: [
        `${runs.length} runs: ${counts.map(([state, count]) => `${count} ${state}`).join(', ')}`,
        ...(rows.length === 0 ? [] : ['', ...tableLines({ header: ['run', 'stands'], rows })]),
      ],
    };
  },
};

export const stop: Command = {
  description: 'Take the runs of an experiment out of the queue that they were handed to; those at work are saved',
  args: () => folderArgs(true),
  async run(args) {
    const out = String(args.out);
    const stopped = await stopExperiment(out, reach(args));
    const lines = [
      `${stopped} runs stopped`,
      '→ the command that submitted them goes on: what is done is not done again',
    ];
    return { document: { folder: out, stopped }, lines };
  },
};
