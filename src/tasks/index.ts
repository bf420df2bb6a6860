import { nearestNames } from '../config/nearest.ts';
import { InputError } from '../errors.ts';
import { cola } from './cola.ts';
import { loadCustomTask } from './custom/custom-task.ts';
import { mrpc } from './mrpc.ts';
import { rte } from './rte.ts';
import { spam } from './spam/spam.ts';
import { sst2 } from './sst2.ts';
import type { Task } from './task.ts';

export { loadTaskData, type OriginalSplits, type Task, type TaskData } from './task.ts';

/** Every built-in task. To add one: a file of its own, and a line here. */
export const tasks: readonly Task[] = [cola, mrpc, rte, sst2, spam];

/**
 * A built-in task by its name, or a user's own by its task.yaml.
 * @throws InputError naming the nearest built-in names, or what is wrong with the file.
 */
export async function loadTask(nameOrFile: string): Promise<Task> {
  const builtIn = tasks.find(task => task.name === nameOrFile);
  if (builtIn !== undefined) return builtIn;
  if (/\.ya?ml$/i.test(nameOrFile)) return loadCustomTask(nameOrFile);
  const names = tasks.map(task => task.name);
  const nearest = nearestNames(nameOrFile, names, 3);
  throw new InputError(`there is no task "${nameOrFile}"`, {
    remedy: nearest.length
      ? `did you mean ${nearest.join(' or ')}?`
      : `the built-in tasks are ${names.join(', ')}; a task of your own is a file whose name ends in .yaml`,
  });
}
