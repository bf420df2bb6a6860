import type { Example } from '../../src/data/example.ts';
import type { CodedTask } from '../../src/models/codec.ts';
import { answerText, sourceText } from '../../src/models/t5/t5-codec.ts';
import type { Task } from '../../src/tasks/task.ts';

/** An example as T5 reads and answers it. */
export function written(task: CodedTask, { input, output, answers, ...rest }: Example) {
  return {
    source: sourceText(task, input),
    target: answerText(task, output),
    ...(answers && { answers: answers.map(answer => answerText(task, answer)) }),
    ...rest,
  };
}

/** All examples of a task's data, in T5's form. */
export async function loadWritten(task: Task, folder: string) {
  const { train, validation = [], test = [] } = await task.load(folder);
  const write = (examples: readonly Example[]) => examples.map(example => written(task, example));
  return { train: write(train), validation: write(validation), test: write(test) };
}
