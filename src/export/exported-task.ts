import { InputError } from '../core/errors.ts';
import { type Task, tasks } from '../tasks/tasks.ts';
import { fromTemplate, templateOf } from '../tasks/template.ts';
import type { DescribedTask } from './description.ts';

/** What has to be known of a task to describe it. */
export type ExportedTask = Pick<Task, 'name' | 'metric' | 'labels'> &
  Partial<Pick<Task, 'labelNames' | 'source' | 'maxTargetLength'>>;

/** What has to be known of a task to ask a model. */
export type AskedTask = Pick<Task, 'name' | 'labels'> &
  Partial<Pick<Task, 'labelNames' | 'source' | 'maxTargetLength'>>;

/** A task as plain data. */
export function describeTask(
  { name, metric, labels, labelNames, source, maxTargetLength }: ExportedTask,
  reading: Pick<DescribedTask, 'maxLength' | 'sentinel'>,
): DescribedTask {
  return {
    name,
    builtIn: tasks.some(task => task.name === name && task.source === source),
    metric,
    labels: labels?.map(answer => ({ answer, name: labelNames?.get(answer) ?? answer })) ?? null,
    template: source === undefined ? null : templateOf(source),
    ...(labels === undefined && maxTargetLength !== undefined && { maxTargetLength }),
    ...reading,
  };
}

/**
 * The task that was described.
 * @throws InputError, naming the folder, where it is one of another version of this program
 */
export function taskOf({ name, builtIn, labels, template, maxTargetLength }: DescribedTask, folder: string): AskedTask {
  if (builtIn) {
    const known = tasks.find(task => task.name === name);
    if (known !== undefined) return known;
    throw new InputError(`there is no task "${name}"`, { where: folder, remedy: 'give a task file with --task' });
  }
  return {
    name,
    labels: labels?.map(({ answer }) => answer),
    ...(labels && { labelNames: new Map(labels.map(({ answer, name }) => [answer, name])) }),
    ...(template !== null && { source: fromTemplate(template) }),
    ...(maxTargetLength !== undefined && { maxTargetLength }),
  };
}
