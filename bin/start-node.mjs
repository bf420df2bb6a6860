// Which Node runs what, and how a process hands over to another. Plain JavaScript that an old Node can read.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** The oldest Node the program runs on: since then it runs erasable TypeScript without a flag (and 23.6), and has zstd. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major === 22) return minor >= 18;
  if (major === 23) return minor >= 6;
  return major > 23;
}

/** What `ulimit -v` allows, in bytes; undefined where nothing bounds the address space, or no system tells. */
export function addressSpace() {
  try {
    const [, most] = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return most === undefined ? undefined : Number(most);
  } catch {
    return undefined;
  }
}

/** Signals by which native code ends a process that is refused memory. */
const nativeEnds = ['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGSEGV', 'SIGBUS'];

/** What to tell of a program that has not ended by itself: what it was refused it could not say. Undefined of others. */
export function nativeEnd(code, signal, most = addressSpace()) {
  const by = signal ?? nativeEnds.find(name => code === 128 + constants.signals[name]);
  if (!nativeEnds.includes(by)) return undefined;
  const why =
    most === undefined
      ? 'most likely as it was refused memory'
      : `most likely as the limit of its address space (ulimit -v) is ${Math.round(most / 1e6).toLocaleString('en-US')} MB: Node and ONNX Runtime reserve far more than they use`;
  const raise = most === undefined ? 'give it more memory' : 'raise it with `ulimit -v unlimited`';
  const smaller = 'add --micro-batch 1, --recompute or --precision int8 (`s3delta plan` says what each needs)';
  return `error: memory: native code has ended the program (${by}), ${why}\n→ ${raise}, or ${smaller}; a run goes on with --resume`;
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
    child.on('exit', (code, signal) => {
      const message = nativeEnd(code, signal);
      if (message !== undefined) console.error(message);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
