import { runToEnd } from '../../api/run-to-end.ts';
import { sweep as runSweep } from '../../api/sweep.ts';
import { InputError } from '../../errors.ts';
import type { Command } from '../command.ts';
import { comparisonOutput, showMatrix } from '../comparison-output.ts';
import { matrixArgs, readMatrixSettings } from '../matrix-args.ts';
import { withRepeatHint } from '../resume-hint.ts';

export const sweep: Command = {
  description: 'The runs of a comparison, several at a time in processes of their own',
  args: {
    ...matrixArgs,
    processes: {
      type: 'string',
      valueHint: 'N',
      description: 'runs at a time; the threads are divided among them (default: one for two cores)',
    },
  },
  async run(args, context) {
    const { settings, out } = readMatrixSettings(args);
    const { signal, onEvent } = context;
    const processes = args.processes === undefined ? {} : { processes: processCount(String(args.processes)) };
    const events = runSweep(settings, { out, ...processes, ...(signal && { signal }) });
    const comparison = await withRepeatHint(runToEnd(events, showMatrix(onEvent, false)));
    return comparisonOutput(out, comparison, context);
  },
};

function processCount(given: string): number {
  const count = Number(given);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InputError(`\`${given}\` is no number of processes`, {
    where: '--processes',
    remedy: 'give a whole number above 0',
  });
}
