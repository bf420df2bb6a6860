import { once } from 'node:events';
import { packageVersion } from '../api/provenance.ts';
import { commands } from './commands/index.ts';
import { describeFailure } from './failure.ts';
import { interruptSignal } from './interrupt.ts';
import { createProgress } from './progress.ts';
import { runCommandLine } from './run.ts';

const rawArgs = process.argv.slice(2);
const noColour = (process.env.NO_COLOR ?? '') !== '';

const progress = createProgress({
  isTTY: process.stderr.isTTY === true,
  columns: process.stderr.columns ?? 80,
  write: text => process.stderr.write(text),
});
const signal = interruptSignal(() =>
  progress.show({ type: 'message', text: 'stopping after this step, to save the state (Ctrl-C again: at once)…' }),
);
// Node calls some of what it does experimental. Whoever uses this program cannot do anything about that.
process.removeAllListeners('warning').on('warning', warning => {
  if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`);
});
// A reader that has seen enough (`| head`) closes the pipe: that is no failure of ours.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  const { text, exitCode } = await runCommandLine(rawArgs, commands, packageVersion(), {
    signal,
    onEvent: progress.show,
    colour: process.stdout.isTTY === true && !noColour,
  });
  progress.finish();
  // Leaving before a pipe has taken everything would cut a long document short.
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain');
  process.exitCode = exitCode;
} catch (error) {
  progress.finish();
  const failure = describeFailure(error);
  process.stderr.write(`${failure.lines.join('\n')}\n`);
  process.exitCode = failure.exitCode;
}
