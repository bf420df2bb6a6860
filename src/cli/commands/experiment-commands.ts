import type { Catalogue } from '../../catalogue/catalogue.ts';
import {
  type CompareOptions,
  comparisonWork,
  rehearsePlan,
  runPlan,
  type Work,
} from '../../experiments/compare-methods.ts';
import { sweepExecutor } from '../../experiments/sweep-values.ts';
import { transferWork } from '../../experiments/transfer-structures.ts';
import { runToEnd } from '../../library/run-to-end.ts';
import type { Command } from '../command.ts';
import { comparisonOutput, showExperiment } from '../comparison-output.ts';
import {
  type ExperimentArguments,
  experimentArgs,
  readExperimentSettings,
  readTransferSettings,
  transferArgs,
} from '../experiment-args.ts';
import type { ParsedArgs } from '../parse.ts';
import { savingState, withRepeatHint } from '../resume-hint.ts';

interface ExperimentCommand<Keys> extends Pick<Command, 'description' | 'args'> {
  read(args: ParsedArgs, catalogue: Catalogue): ExperimentArguments<Keys>;
  work(settings: Keys, options: CompareOptions): Work;
}

/** A command of many runs: it does them and prints their table, or says what it would do. */
function experiment<Keys>({ description, args, read, work }: ExperimentCommand<Keys>): Command {
  return {
    ...{ description, args, stopping: savingState },
    async run(given, context) {
      const { signal, onEvent, catalogue } = context;
      const { settings, out, executor } = read(given, catalogue);
      const options: CompareOptions = { out, catalogue, executor, ...(signal && { signal }) };
      if (given['dry-run'] === true) {
        const lines = await rehearsePlan(work(settings, options), options, text =>
          onEvent?.({ type: 'message', text }),
        );
        return { document: { folder: out, wouldRun: lines }, lines };
      }
      const events = runPlan(work(settings, options), options);
      const comparison = await withRepeatHint(runToEnd(events, showExperiment(onEvent)));
      return comparisonOutput(out, comparison, context);
    },
  };
}

export const compare: Command = experiment({
  description: 'Compare methods over tasks, seeds and budgets: one table, what is done is not done again',
  args: experimentArgs,
  read: readExperimentSettings,
  work: comparisonWork,
});

export const sweep: Command = experiment({
  description: 'The runs of a comparison, several at a time in processes of their own',
  args: experimentArgs,
  read(args, catalogue) {
    const given = readExperimentSettings(args, catalogue);
    return { ...given, executor: sweepExecutor(given.executor) };
  },
  work: comparisonWork,
});

export const transfer: Command = experiment({
  description: 'Train structures that were found on some tasks on others: a table source × target',
  args: transferArgs,
  read: readTransferSettings,
  work: transferWork,
});
