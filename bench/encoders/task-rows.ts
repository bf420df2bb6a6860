import { type EncodedTask, encodeTask, loadTask, loadTaskData, type Model } from '../../src/index.ts';
import { permutation } from '../../src/research.ts';
import { sizes, type TaskName } from './cells.ts';

/** A task as the model reads it: of the training rows as many as one pass over them takes steps, drawn by the seed. */
export async function loadRows(model: Model, name: TaskName, seed: number, shared: string): Promise<EncodedTask> {
  const task = await loadTask(name);
  const data = await loadTaskData(task, { data: `${shared}/data`, seed });
  const wanted = sizes.steps * sizes.batchSize;
  const drawn = Array.from(permutation(data.train.length, seed, 'bench/encoders'), i => data.train[i]!);
  return encodeTask(
    model,
    task,
    { ...data, train: drawn.slice(0, wanted) },
    {
      ...{ preset: 'mini', 'max-length': sizes.maxLength, 'batch-size': sizes.batchSize, seed },
      ...{ 'max-validation': sizes.validationRows, 'max-test': sizes.testRows },
    },
  );
}
