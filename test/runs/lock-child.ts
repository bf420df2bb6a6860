import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InputError } from '../../src/core/errors.ts';
import { runFolder } from '../../src/runs/run-folder.ts';
import { whileHolding } from '../../src/runs/run-lock.ts';

/** A process that wants a run's folder again and again, and says whether it ever had it. Fails where it is not alone. */
const folder = runFolder(process.argv[2]!);
let word = 'refused';
for (let i = 0; i < 20; i++) {
  try {
    await whileHolding(folder, async () => {
      // Making a folder that is there fails: the proof that nobody else is in here.
      mkdirSync(join(folder.path, 'alone'));
      await setTimeout(2);
      rmdirSync(join(folder.path, 'alone'));
    });
    word = 'worked';
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}
process.stdout.write(word);
