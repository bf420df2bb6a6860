import type { Command } from '../command.ts';
import { demo } from './demo.ts';
import { evaluate } from './evaluate.ts';
import { init } from './init.ts';
import { models } from './models.ts';
import { predict } from './predict.ts';
import { report } from './report.ts';
import { search } from './search.ts';
import { tasks } from './tasks.ts';
import { train } from './train.ts';

/** Every command by its name, in the order of `--help`. A new command is a file beside this one and a word here. */
export const commands: Readonly<Record<string, Command>> = {
  init,
  search,
  train,
  evaluate,
  predict,
  report,
  demo,
  tasks,
  models,
};
