import { once } from 'node:events';

/**
 * A reader that has seen enough (`| head`) closes the pipe: that is no failure of ours. A disk that takes no more is
 * one.
 * @param finish what to do before the failure is told
 */
export function endWithStdout(finish: () => void = () => {}): void {
  process.stdout.on('error', error => {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0);
    finish();
    process.stderr.write(
      `error: stdout: the output could not be written: ${error.message}\n→ send it to a place with room\n`,
    );
    process.exit(1);
  });
}

/** Waits for a pipe that takes no more: leaving before it has all would cut a long document short. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain');
}
