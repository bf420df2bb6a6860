import type { Catalogue } from '../../catalogue/catalogue.ts';
import { score } from '../../core/format.ts';
import { cellName } from '../../experiments/cell.ts';
import {
  type CompareOptions,
  comparisonWork,
  rehearsePlan,
  runPlan,
  sweepExecutor,
  type Work,
} from '../../experiments/compare-methods.ts';
import { queueKeys } from '../../experiments/executors/executors.ts';
import { experimentStanding, stopExperiment } from '../../experiments/experiment-standing.ts';
import type { ExperimentEvent, ExperimentProgress } from '../../experiments/run-cells.ts';
import { spreadWork } from '../../experiments/spread-structures.ts';
import { transferWork } from '../../experiments/transfer-structures.ts';
import type { JobContext, JobEvent } from '../../jobs/job-events.ts';
import { runToEnd } from '../../library/run-to-end.ts';
import { tableLines } from '../../report/table.ts';
import type { Command, CommandContext, Output } from '../command.ts';
import {
  type ExperimentArguments,
  experimentArgs,
  readExperimentSettings,
  readSpreadSettings,
  readTransferSettings,
  readWithinSettings,
  spreadArgs,
  transferArgs,
  withinArgs,
} from '../experiment-args.ts';
import { comparisonOutput, spreadOutput } from '../experiment-output.ts';
import { savingState, withRepeatHint } from '../job-output.ts';
import type { ArgsDef, ParsedArgs } from '../parse.ts';
import { schemaArgs } from '../settings-args.ts';
import { logArg, whileAllTracked } from '../tracking.ts';
import { wholeQueue } from './queue-commands.ts';

/**
 * Shows a comparison's events by those of a job: what a run tells is passed on, or left out where several run at once.
 */
function showExperiment(onEvent: JobContext['onEvent']): (event: ExperimentEvent) => void {
  const started = performance.now();
  let before = 0;
  // Runs on the same data would say the same of them each time.
  const warned = new Set<string>();
  const isNew = (event: JobEvent) =>
    event.type !== 'warning' || (!warned.has(event.text) && warned.add(event.text) !== undefined);
  let withRuns = false;
  return event => {
    switch (event.type) {
      case 'message':
      case 'warning':
        if (isNew(event)) onEvent?.(event);
        break;
      case 'experiment-begins':
        before = event.progress.done;
        withRuns = event.oneByOne;
        onEvent?.({ type: 'message', text: `${event.progress.total} runs, ${before} of them done before` });
        break;
      case 'run-begins':
        if (withRuns) onEvent?.({ type: 'message', text: `${cellName(event.cell)} begins` });
        break;
      case 'run':
        if (withRuns && isNew(event.event)) onEvent?.(event.event);
        break;
      case 'run-done': {
        const { score: scores } = event.result;
        const says = scores === undefined ? 'done' : `test ${scores.metric} ${score(scores.test)}`;
        const minutes = (performance.now() - started) / 60_000;
        onEvent?.({
          type: 'message',
          text: `${state(event.progress, before, minutes)} ${cellName(event.cell)}: ${says}`,
        });
        break;
      }
      case 'run-failed': {
        const [first] = event.message.split('\n');
        onEvent?.({
          type: 'warning',
          text: `${state(event.progress, before, 0)} ${cellName(event.cell)} failed: ${first}`,
        });
      }
    }
  };
}

/** `[12/40, 1 failed, about 8 min left]` */
function state({ total, done, failed }: ExperimentProgress, before: number, minutes: number): string {
  const own = done - before;
  const left = minutes > 0 && own > 0 ? Math.ceil(((total - done - failed) * minutes) / own) : 0;
  const parts = [`${done}/${total}`, failed > 0 ? `${failed} failed` : '', left > 0 ? `about ${left} min left` : ''];
  return `[${parts.filter(Boolean).join(', ')}]`;
}

interface ExperimentCommand<Keys, Result> extends Pick<Command, 'description' | 'examples' | 'args'> {
  read(args: ParsedArgs, catalogue: Catalogue): ExperimentArguments<Keys>;
  work(settings: Keys, options: CompareOptions): Work<Result>;
  /** What it prints at its end. */
  output(out: string, result: Result, context: CommandContext): Promise<Output> | Output;
}

/** A command of many runs: it does them and prints what they came to, or says what it would do. */
function experiment<Keys, Result>(command: ExperimentCommand<Keys, Result>): Command {
  const { description, examples, args, read, work, output } = command;
  return {
    ...{ description, examples, args, stopping: savingState },
    async run(given, context) {
      const { signal, onEvent, catalogue } = context;
      const { settings, out, executor } = read(given, catalogue);
      const options: CompareOptions = { out, catalogue, executor, ...(signal && { signal }) };
      if (given['dry-run'] === true) {
        const tell = (text: string) => onEvent?.({ type: 'message', text });
        const lines = await rehearsePlan(work(settings, options), options, tell);
        return { document: { folder: out, wouldRun: lines }, lines };
      }
      const result = await withRepeatHint(
        whileAllTracked(given, out, context, showExperiment(onEvent), show =>
          runToEnd(runPlan(work(settings, options), options), show),
        ),
      );
      return output(out, result, context);
    },
  };
}

export const compare: Command = experiment({
  description: 'Compare methods over tasks, seeds and budgets: one table, what is done is not done again',
  examples: {
    'my.yaml --methods found,random,lora --seeds 8 --out runs/all': 'three methods on the data of a config file',
    'runs/reviews --methods found,random --seeds 8 --out runs/more': 'with the settings of a run',
  },
  args: catalogue => ({ ...experimentArgs(catalogue), ...logArg }),
  read: readExperimentSettings,
  work: comparisonWork,
  output: comparisonOutput,
});

export const sweep: Command = experiment({
  description: 'The runs of a comparison, several at a time in processes of their own',
  examples: {
    'my.yaml --methods found,random --seeds 8 --processes 2 --out a': 'two runs at a time',
  },
  args: catalogue => ({ ...experimentArgs(catalogue), ...logArg }),
  read(args, catalogue) {
    const given = readExperimentSettings(args, catalogue);
    return { ...given, executor: sweepExecutor(given.executor) };
  },
  work: comparisonWork,
  output: comparisonOutput,
});

/** What `search` does where it is asked how small a structure can be. */
export const howSmall: Command = experiment({
  description: 'The smallest budget whose structure scores within a margin of a method with a size of its own',
  examples: {},
  args: withinArgs,
  read: readWithinSettings,
  work: comparisonWork,
  output: comparisonOutput,
});

export const transfer: Command = experiment({
  description: 'Train structures that were found on some tasks on others: a table source × target',
  examples: {
    'my.yaml --from runs/rte,runs/mrpc --task sst2,cola --out a': 'two structures on two other tasks',
  },
  args: catalogue => ({ ...transferArgs(catalogue), ...logArg }),
  read: readTransferSettings,
  work: transferWork,
  output: comparisonOutput,
});

export const spread: Command = experiment({
  description: 'Train random structures over seeds: whether a search could win anything, before one is run',
  examples: {
    'my.yaml --structures 12 --seeds 2 --out runs/spread': '24 trainings of random structures',
  },
  args: catalogue => ({ ...spreadArgs(catalogue), ...logArg }),
  read: readSpreadSettings,
  work: spreadWork,
  output: spreadOutput,
});

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
  examples: {
    'runs/all': 'those of one experiment',
  },
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
  examples: {
    'runs/all': 'those of one experiment',
  },
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
