import type { Command } from '../command.ts';
import { compare } from './compare.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { evaluate } from './evaluate.ts';
import { exportRun } from './export.ts';
import { heatmap } from './heatmap.ts';
import { init } from './init.ts';
import { models } from './models.ts';
import { plan } from './plan.ts';
import { predict } from './predict.ts';
import { report } from './report.ts';
import { search } from './search.ts';
import { serve } from './serve.ts';
import { sweep } from './sweep.ts';
import { tasks } from './tasks.ts';
import { train } from './train.ts';
import { transfer } from './transfer.ts';

/** Every command by its name, in the order of `--help`. A new command is a file beside this one and a word here. */
export const commands: Readonly<Record<string, Command>> = {
  init,
  plan,
  search,
  train,
  evaluate,
  predict,
  compare,
  sweep,
  transfer,
  export: exportRun,
  heatmap,
  report,
  serve,
  demo,
  tasks,
  models,
  doctor,
};
