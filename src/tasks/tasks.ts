import { extname } from 'node:path';
import { nearestNames } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { dataFileEndings } from '../data/rows/read-rows.ts';
import { metrics as builtInMetrics, type Metrics } from '../metrics/metrics.ts';
import { loadCustomTask } from './custom/custom-task.ts';
import { cola, mnli, mrpc, qnli, qqp, rte, sst2, stsb, wnli } from './glue.ts';
import { spam } from './spam.ts';
import { boolq, cb, copa, multirc, record, SUPERGLUE, superGlueRte, wic } from './superglue.ts';
import type { Task } from './task.ts';
import { isTaskFile } from './task-places.ts';

export { type DataOptions, loadTaskData, type OriginalSplits, type Task, type TaskData } from './task.ts';

/** Every built-in task. To add one: a file of its own, and a line here. */
export const tasks: readonly Task[] = [
  ...[cola, mnli, mrpc, qnli, qqp, rte, sst2, stsb, wnli],
  ...[boolq, cb, copa, multirc, record, superGlueRte, wic],
  spam,
];

const builtIn = { tasks, metrics: builtInMetrics };

/**
 * A built-in task by its name, or a user's own by its task.yaml. `superglue-` may be left out of a name, unless what is
 * left is a task, too: `rte` is GLUE's.
 * @param text what the file says, or said when a run was begun with it (default: what it says now)
 * @throws InputError naming the nearest built-in names, or what is wrong with the file.
 */
export async function loadTask(
  nameOrFile: string,
  { tasks: known, metrics }: { readonly tasks: readonly Task[]; readonly metrics: Metrics } = builtIn,
  text?: string,
): Promise<Task> {
  const named = (name: string) => known.find(task => task.name === name);
  const builtIn = named(nameOrFile) ?? named(`${SUPERGLUE}${nameOrFile}`);
  if (builtIn !== undefined) return builtIn;
  if (isTaskFile(nameOrFile)) return loadCustomTask(nameOrFile, metrics, text);
  if (extname(nameOrFile) !== '' || /[/\\]/.test(nameOrFile)) throw notATask(nameOrFile);
  const names = known.map(task => task.name);
  const nearest = nearestNames(nameOrFile, names, 3);
  throw new InputError(`there is no task "${nameOrFile}"`, {
    code: 'unknown-task',
    remedy: nearest.length
      ? `did you mean ${nearest.join(' or ')}?`
      : `the tasks are ${names.join(', ')}; a task of your own is a file whose name ends in .yaml`,
  });
}

/** A path is no slip of a name. */
function notATask(path: string): InputError {
  return new InputError('this is neither a built-in task nor a task file', {
    code: 'wrong-kind-of-file',
    where: path,
    remedy: dataFileEndings.includes(extname(path).toLowerCase())
      ? `write a task file for these data: s3delta init --task ${path}`
      : `give a task.yaml; s3delta init writes one for data in ${dataFileEndings.join(', ')} (save a sheet as ` +
        '"CSV UTF-8")',
  });
}
