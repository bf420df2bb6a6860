import { InputError } from '../core/errors.ts';
import type { Codec } from '../models/codec.ts';
import { fromTemplates, templatesOf } from '../tasks/segments.ts';
import { type Task, tasks } from '../tasks/tasks.ts';
import type { DescribedTask } from './description.ts';

/** What has to be known of a task to describe it. */
export type ExportedTask = Pick<Task, 'name' | 'metric' | 'labels'> &
  Partial<Pick<Task, 'words' | 'numbers' | 'choices' | 'segments' | 'rows' | 'maxTargetLength'>>;

/** What has to be known of a task to ask a model. */
export type InferenceTask = Omit<ExportedTask, 'metric'>;

/** A task as plain data, in the form in which a model reads and answers it. */
export function describeTask(
  { name, metric, labels, numbers, choices, segments, maxTargetLength }: ExportedTask,
  codec: Pick<Codec, 'read' | 'choice' | 'form'>,
  maxLength: number,
): DescribedTask {
  const templates = segments && templatesOf(segments);
  return {
    name,
    builtIn: tasks.some(task => task.name === name && task.segments === segments),
    metric,
    labels: codec.choice?.labels?.map(({ word, name }) => ({ answer: word, name })) ?? null,
    template: templates === undefined ? null : codec.read(templates).text,
    ...(templates && { segments: templates.map(({ name, text }) => ({ ...(name !== undefined && { name }), text })) }),
    ...(numbers && { numbers }),
    ...(choices && { choices }),
    ...(labels === undefined && maxTargetLength !== undefined && { maxTargetLength }),
    maxLength,
    ...codec.form,
  };
}

/**
 * The task that was described.
 * @throws InputError, naming the folder, where it is one of another version of this program
 */
export function taskOf(
  { name, builtIn, labels, numbers, choices, template, segments, maxTargetLength }: DescribedTask,
  folder: string,
): InferenceTask {
  if (builtIn) {
    const known = tasks.find(task => task.name === name);
    if (known !== undefined) return known;
    throw new InputError(`there is no task "${name}"`, {
      code: 'unknown-task',
      where: folder,
      remedy: 'give a task file with --task',
    });
  }
  const templates = segments ?? (template === null ? undefined : [{ text: template }]);
  return {
    name,
    labels: labels?.map(label => label.name),
    ...(labels && { words: labels.map(({ answer }) => answer) }),
    ...(numbers && { numbers }),
    ...(choices && { choices }),
    ...(templates && { segments: fromTemplates(templates) }),
    ...(maxTargetLength !== undefined && { maxTargetLength }),
  };
}
