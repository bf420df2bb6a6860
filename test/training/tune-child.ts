import { checkpointFile } from '../../src/training/checkpoint.ts';
import { tune } from '../../src/training/tune-program.ts';
import { options, problem } from './tune-problem.ts';

/** A process to be killed: trains slowly, saves after every second step or so, tells each step. */
const run = tune(problem, options, { checkpoint: checkpointFile(process.argv[2]!), saveEverySeconds: 0.02 });
for (;;) {
  const { done, value } = await run.next();
  if (done) break;
  await new Promise(resolve => setTimeout(resolve, 10));
  process.stdout.write(`${value.type} ${value.step}\n`);
}
