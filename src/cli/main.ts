import { visible } from '../core/format.ts';
import { packageVersion } from '../library/provenance.ts';
import { asksForJson, commandOf, runCommandLine } from './command.ts';
import { commands } from './commands/commands.ts';
import { terminalAsk } from './interview.ts';
import { describeFailure, endWithStdout, interruptSignal, print, stoppingText } from './process-end.ts';
import { createProgress } from './progress/progress.ts';

const rawArgs = process.argv.slice(2);
const noColour = (process.env.NO_COLOR ?? '') !== '';

const { stderr } = process;
const progress = createProgress(
  {
    // A terminal that cannot move its cursor is read like a file.
    isTTY: stderr.isTTY === true && process.env.TERM !== 'dumb',
    colour: !noColour,
    get columns() {
      return stderr.columns ?? 80;
    },
    get rows() {
      return stderr.rows ?? 24;
    },
    write: text => stderr.write(text),
  },
  { now: () => performance.now(), memory: () => process.memoryUsage.rss() },
);
setInterval(progress.tick, 1000).unref();
// Whatever ends the process, the cursor comes back.
process.on('exit', progress.finish);
const signal = interruptSignal(by => {
  const { stopping = 'stopping' } = commandOf(rawArgs, commands) ?? {};
  progress.show({ type: 'message', text: stoppingText(stopping, by) });
});
// Node calls some of what it does experimental. Whoever uses this program cannot do anything about that.
process.removeAllListeners('warning').on('warning', warning => {
  if (warning.name !== 'ExperimentalWarning') process.stderr.write(visible(`${warning.name}: ${warning.message}\n`));
});
endWithStdout(progress.finish);
// Progress that nobody can read any more, on a closed terminal or a full disk, is no reason to lose the work.
stderr.on('error', () => {});

try {
  const { stream, text, exitCode } = await runCommandLine(rawArgs, commands, packageVersion(), {
    signal,
    onEvent: progress.show,
    ...(process.stdin.isTTY && stderr.isTTY && { ask: terminalAsk(process.stdin, stderr, signal) }),
    colour: process.stdout.isTTY === true && !noColour,
    // Some terminals tell their colours, `15;0`: the last is the ground's, of which 7 and those above 8 are light.
    lightGround: /;(7|9|1\d)$/.test(process.env.COLORFGBG ?? ''),
    ...(process.stdout.isTTY && { columns: process.stdout.columns }),
  });
  progress.finish();
  for await (const line of stream ?? []) await print(line);
  if (text !== '') await print(text);
  process.exitCode = exitCode;
} catch (error) {
  progress.finish();
  const failure = describeFailure(error, signal);
  process.stderr.write(`${failure.lines.join('\n')}\n`);
  if (failure.document && asksForJson(rawArgs)) await print(JSON.stringify(failure.document, null, 2));
  process.exitCode = failure.exitCode;
}
