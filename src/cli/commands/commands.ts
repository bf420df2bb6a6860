import type { Command } from '../command.ts';
import { check } from './check-command.ts';
import { completion } from './completion-command.ts';
import { demo } from './demo-command.ts';
import { evaluate } from './evaluate-command.ts';
import { compare, spread, sweep, transfer } from './experiment-commands.ts';
import { exportRun } from './export-command.ts';
import { heatmap } from './heatmap-command.ts';
import { importAdapter } from './import-command.ts';
import { init } from './init-command.ts';
import { log } from './log-command.ts';
import { doctor, models, tasks } from './machine-commands.ts';
import { plan } from './plan-command.ts';
import { predict } from './predict-command.ts';
import { push } from './push-command.ts';
import { collect, queue, worker } from './queue-commands.ts';
import { report } from './report-command.ts';
import { serve } from './serve-command.ts';
import { serveModel } from './serve-model-command.ts';
import { status, stop } from './standing-commands.ts';
import { search, train } from './tune-commands.ts';

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
