import type { Command } from '../command.ts';
import { evaluate } from './evaluate-command.ts';
import { compare, spread, status, stop, sweep, transfer } from './experiment-commands.ts';
import { exportRun, push } from './export-commands.ts';
import { check, init } from './init-commands.ts';
import { completion, doctor, models, tasks } from './machine-commands.ts';
import { plan } from './plan-command.ts';
import { predict } from './predict-command.ts';
import { collect, queue, worker } from './queue-commands.ts';
import { heatmap, log, report } from './report-commands.ts';
import { serve, serveModel } from './serve-commands.ts';
import { demo, importAdapter, search, train } from './tune-commands.ts';

/** Every command by its name, in the order of `--help`. A new command is a file beside this one and a word here. */
export const commands: Readonly<Record<string, Command>> = {
  init,
  check,
  plan,
  search,
  train,
  evaluate,
  predict,
  compare,
  sweep,
  spread,
  transfer,
  status,
  stop,
  queue,
  worker,
  collect,
  export: exportRun,
  import: importAdapter,
  push,
  heatmap,
  log,
  report,
  serve,
  'serve-model': serveModel,
  demo,
  tasks,
  models,
  doctor,
  completion,
};
