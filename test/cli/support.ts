import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
export const tinyModel = fileURLToPath(new URL('../fixtures/tiny-t5', import.meta.url));

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a user does, in a folder of its own. `onStderr` sees the progress as it comes. */
export function runCli(
  args: readonly string[],
  cwd: string,
  onStderr: (text: string, interrupt: () => void) => void = () => {},
): Promise<Finished> {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...process.env, NO_COLOR: '1' } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onStderr(text, () => child.kill('SIGINT'));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', exitCode => resolve({ exitCode, stdout, stderr }));
  });
}

/** Runs it, and asks it to stop as soon as a file is there. */
export function runCliUntil(file: string, args: readonly string[], cwd: string): Promise<Finished> {
  let watching: NodeJS.Timeout | undefined;
  const finished = runCli(args, cwd, (_, interrupt) => {
    watching ??= setInterval(() => {
      if (!existsSync(file)) return;
      clearInterval(watching);
      interrupt();
    }, 2);
  });
  return finished.finally(() => clearInterval(watching));
}

export interface Workspace {
  readonly folder: string;
  readonly task: string;
  /** A copy of the tiny model, to be damaged. */
  copyModel(name: string): string;
  /** Everything that lies in the folder, by relative path. */
  list(): string[];
}

const labels = ['bad', 'good'];

function rows(count: number, offset: number): string {
  return Array.from({ length: count }, (_, index) => {
    const label = labels[(index + offset) % 2];
    return `${JSON.stringify({ text: `a ${label} film, number ${index + offset}`, label })}\n`;
  }).join('');
}

/** A folder with a small task of its own, as a user would have it. */
export function workspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-cli-'));
  const task = join(folder, 'films');
  mkdirSync(task);
  writeFileSync(join(task, 'train.jsonl'), rows(24, 0));
  writeFileSync(join(task, 'validation.jsonl'), rows(8, 100));
  writeFileSync(join(task, 'test.jsonl'), rows(8, 201));
  const file = join(task, 'task.yaml');
  writeFileSync(
    file,
    `name: films
template: 'film: {text}'
label: label
labels: { bad: '0', good: '1' }
metric: accuracy
files: { train: train.jsonl, validation: validation.jsonl, test: test.jsonl }
batchSize: 4
epochs: 2
evaluateEvery: 3
`,
  );
  return {
    folder,
    task: file,
    copyModel(name) {
      const copy = join(folder, name);
      cpSync(tinyModel, copy, { recursive: true });
      return copy;
    },
    list: () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort(),
  };
}
