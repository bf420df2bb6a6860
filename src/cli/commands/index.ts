import type { Command } from '../command.ts';
import { compare } from './compare.ts';
import { demo } from './demo.ts';
import { evaluate } from './evaluate.ts';
import { heatmap } from './heatmap.ts';
import { models } from './models.ts';
import { report } from './report.ts';
import { search } from './search.ts';
import { sweep } from './sweep.ts';
import { tasks } from './tasks.ts';
import { train } from './train.ts';
import { transfer } from './transfer.ts';

/** Every command by its name, in the order of `--help`. A new command is a file beside this one and a word here. */
export const commands: Readonly<Record<string, Command>> = {
  ...{ search, train, evaluate, compare, sweep, transfer, heatmap, report, demo, tasks, models },
};
