import { compare as runCompare } from '../../experiments/compare-methods.ts';
import { runToEnd } from '../../library/run-to-end.ts';
import type { Command } from '../command.ts';
import { comparisonOutput, showExperiment } from '../comparison-output.ts';
import { experimentArgs, readExperimentSettings } from '../experiment-args.ts';
import { savingState, withRepeatHint } from '../resume-hint.ts';

export const compare: Command = {
  description: 'Compare methods over tasks, seeds and budgets: one table, what is done is not done again',
  args: experimentArgs,
  stopping: savingState,
  async run(args, context) {
    const { settings, out } = readExperimentSettings(args, context.catalogue);
    const { signal, onEvent } = context;
    const events = runCompare(settings, { out, catalogue: context.catalogue, ...(signal && { signal }) });
    const comparison = await withRepeatHint(runToEnd(events, showExperiment(onEvent, true)));
    return comparisonOutput(out, comparison, context);
  },
};
