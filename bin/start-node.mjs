// Which Node runs what, and how a process hands over to another. Plain JavaScript that an old Node can read.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** The oldest Node the program runs on: since then it runs erasable TypeScript without a flag (and 23.6), and has zstd. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major === 22) return minor >= 18;
  if (major === 23) return minor >= 6;
  return major > 23;
}

/**
 * Runs `node args` in place of this process: signals are handed on, and the child is told by a closed channel where this
 * process is killed, so that it saves its state and ends too. Resolves to the exit code to end with, as shells count it.
 */
export function handOver(node, args, options = {}) {
  const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], ...options });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
