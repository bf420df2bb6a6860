import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { duration } from '../../core/format.ts';
import { inChild } from '../../experiments/executors/child-processes.ts';
import { experimentName } from '../../experiments/executors/postgres.ts';
import { collectExperiment } from '../../experiments/queue/collect-runs.ts';
import {
  asQueueError,
  openDatabase,
  type Queue,
  type QueueOptions,
  queueNames,
  queueUrl,
} from '../../experiments/queue/database.ts';
import { queueStanding } from '../../experiments/queue/queue-standing.ts';
import { failureWords, type QueueStanding } from '../../experiments/queue/queue-state.ts';
import { workOnQueue } from '../../experiments/queue/queue-worker.ts';
import { prepareQueue, prepareUser, type QueueRole, requireQueue } from '../../experiments/queue/schema.ts';
import { isThere } from '../../files/regular-file.ts';
import { tableLines } from '../../report/table.ts';
import { experimentFile } from '../../runs/run-folder.ts';
import type { Command, Output } from '../command.ts';
import type { ArgsDef, ParsedArgs } from '../parse.ts';

export const queueArg: ArgsDef = {
  queue: {
    type: 'string',
    valueHint: 'URL',
    description:
      'database of the queue: postgres://USER@HOST/DATABASE (default: $S3DELTA_QUEUE, which may hold a password)',
  },
};

/** Does something with the queue that the arguments name, and closes it. Throws InputError for what a user can mend. */
export async function withQueue<T>(
  args: ParsedArgs,
  options: QueueOptions,
  work: (queue: Queue) => Promise<T>,
): Promise<T> {
  const queue = await openDatabase(queueUrl(args.queue as string | undefined), options);
  try {
    return await work(queue);
  } catch (error) {
    throw asQueueError(error, queue.name);
  } finally {
    await queue.close();
  }
}

/** Where the password of a user that is made comes from. */
const passwords: Readonly<Record<QueueRole, string>> = {
  worker: 'S3DELTA_WORKER_PASSWORD',
  submitter: 'S3DELTA_SUBMITTER_PASSWORD',
};
const queueRoles = Object.keys(passwords) as QueueRole[];

function passwordOf(role: QueueRole): string {
  const password = process.env[passwords[role]];
  if (password) return password;
  throw new InputError(`no password for the user of ${role}s is given`, {
    code: 'missing-setting',
    where: `--${role}`,
    remedy: `set $${passwords[role]}`,
  });
}

export const queue: Command = {
  description: 'Make a queue in a PostgreSQL database, or bring it to this version, and say how it stands',
  examples: {
    '--queue postgres://db.example/runs': 'a queue in that database',
  },
  args: {
    ...queueArg,
    worker: {
      type: 'string',
      valueHint: 'NAME',
      description: `make a database user who can only do runs, with the password in $${passwords.worker}`,
    },
    submitter: {
      type: 'string',
      valueHint: 'NAME',
      description: `make one who can only submit, stop and collect runs, with the password in $${passwords.submitter}`,
    },
  },
  run: args => {
    const users = queueRoles
      .filter(role => args[role] !== undefined)
      .map(role => ({ role, name: String(args[role]), password: passwordOf(role) }));
    return withQueue(args, {}, async queue => {
      const hasRoles = await prepareQueue(queue);
      for (const { role, name, password } of users) await prepareUser(queue, role, name, password);
      const { lines, ...rest } = standingOutput(await queueStanding(queue));
      const { worker, submitter } = queueNames.roles;
      const about = hasRoles
        ? `its roles ${worker} and ${submitter} have the least rights: --worker NAME, --submitter NAME make users`
        : `this user may make no roles: have made ${worker} and ${submitter} (CREATE ROLE), then say this again`;
      return { ...rest, lines: [`${queue.name} holds a queue of this version`, about, '', ...lines] };
    });
  },
};

export const worker: Command = {
  description: 'Do runs from a queue in a PostgreSQL database, one after the other, until it is stopped',
  examples: {
    '--queue postgres://db.example/runs --allow ./data': 'runs that read that folder',
  },
  args: {
    ...queueArg,
    allow: {
      type: 'string',
      valueHint: 'FOLDER,…',
      description:
        'folders that runs may read models, data, tasks and plugins from, ' +
        'each the same by its hash as at the submitter',
    },
    hub: {
      type: 'boolean',
      description: 'let runs name models and data of the Hub (default true)',
      negativeDescription: 'refuse runs that name models or data of the Hub',
    },
    threads: {
      type: 'string',
      valueHint: 'N',
      description: 'processor threads of each run (default: what its submitter says, or as many as there are cores)',
    },
    'until-empty': { type: 'boolean', description: 'end when nothing is left to do' },
    'checkpoint-every': {
      type: 'string',
      valueHint: 'SECONDS',
      description: 'least time between two states of a run that are sent to the database (default 30)',
    },
    'work-folder': {
      type: 'string',
      valueHint: 'FOLDER',
      description: 'where runs lie while they are worked at (default: the folder of temporary files)',
    },
  },
  stopping: 'saving the state of the run, and giving it back',
  run: (args, { signal = new AbortController().signal, onEvent, catalogue }) =>
    withQueue(args, { superviseSeconds: 10 }, async queue => {
      await requireQueue(queue);
      const tell = (text: string) => onEvent?.({ type: 'message', text });
      const folders = words(args.allow).map(folder => resolve(folder));
      tell(`working on ${queue.name}, ${availableParallelism()} processor threads`);
      const outcome = await workOnQueue(queue, {
        ...{ runner: inChild, allowed: { folders, hub: args.hub !== false }, catalogue, signal, tell },
        untilEmpty: args['until-empty'] === true,
        ...(args['checkpoint-every'] !== undefined && { checkpointSeconds: positive(args, 'checkpoint-every') }),
        ...(args.threads !== undefined && { threads: Math.ceil(positive(args, 'threads')) }),
        ...(args['work-folder'] !== undefined && { workFolder: resolve(String(args['work-folder'])) }),
      });
      const lines = [`${outcome.done} runs done, ${outcome.failed} times one failed`];
      return { document: outcome, lines };
    }),
};

export const collect: Command = {
  description: 'Bring the run folders of an experiment back from a queue: those that are done and not there yet',
  examples: {
    'runs/all --queue postgres://db.example/runs': 'what is done and not here yet',
  },
  args: {
    out: { type: 'positional', required: true, description: 'folder of the experiment: its --out, or a new one' },
    ...queueArg,
    experiment: {
      type: 'string',
      valueHint: 'NAME',
      description: 'what the queue calls it (default: the one that was submitted from this folder)',
    },
  },
  run: args =>
    withQueue(args, {}, async queue => {
      await requireQueue(queue);
      const out = String(args.out);
      const name = experimentName({ experiment: args.experiment as string | undefined }, out);
      const { brought, kept, open, refused } = await collectExperiment(queue, name, out);
      return {
        document: { folder: out, experiment: name, brought, kept, open, refused },
        lines: [
          `${brought} runs brought into ${out}, ${kept} were there, ${open} are not done yet`,
          ...refused.map(({ folder, message }) => `refused: ${folder}: ${message}`),
          ...(isThere(experimentFile(out)) ? ['→ the command that submitted them makes their table'] : []),
        ],
        exitCode: refused.length > 0 ? 1 : 0,
      };
    }),
};

/** How everything in a queue stands. */
export function wholeQueue(args: ParsedArgs): Promise<Output> {
  return withQueue(args, {}, async queue => {
    await requireQueue(queue);
    return standingOutput(await queueStanding(queue));
  });
}

function standingOutput(standing: QueueStanding): Output {
  const { experiments, workers, failures } = standing;
  const left = (cells: number, hourly: number) =>
    hourly === 0 || cells === 0 ? '' : duration((cells / hourly) * 3600);
  const rows = experiments.map(({ name, priority, cells, states, hourly }) => [
    ...[name, String(priority), String(cells), String(states.waiting), String(states.running), String(states.done)],
    ...[String(states.failed), String(hourly), left(states.waiting + states.running, hourly)],
  ]);
  const header = ['experiment', 'priority', 'runs', 'waiting', 'running', 'done', 'failed', 'an hour', 'time left'];
  const people = workers.map(({ name, program, cell, seen }) => [
    name,
    program,
    cell ?? '',
    `${Math.round(seen)} s ago`,
  ]);
  const dead = failures.map(failure => {
    const { experiment, cell, attempts, message } = failure;
    return `${failureWords(failure)}: ${experiment}: ${cell}, attempt ${attempts}: ${message}`;
  });
  return {
    document: standing,
    lines: [
      ...(rows.length === 0 ? ['no experiments'] : tableLines({ header, rows })),
      '',
      ...(people.length === 0
        ? ['no workers']
        : tableLines({ header: ['worker', 's3delta', 'works at', 'heard of'], rows: people })),
      ...(dead.length === 0 ? [] : ['', ...dead]),
    ],
  };
}

function words(given: unknown): string[] {
  return typeof given === 'string' ? given.split(',').filter(word => word !== '') : [];
}

function positive(args: ParsedArgs, key: string): number {
  const value = Number(args[key]);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InputError(`\`${args[key]}\` is no number above 0`, {
    code: 'unknown-value',
    where: `--${key}`,
    remedy: 'write a positive number',
  });
}
