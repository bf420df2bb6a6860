import { metricNamed } from '../metrics/metrics.ts';
import { belongsTo, findLayout, type Layout, layoutOf, requireLayout } from './file-layout.ts';
import { type RowForm, readExamples } from './row-form.ts';
import type { OriginalSplits, Task } from './task.ts';

/** What one task of a public benchmark says of itself. */
export interface BenchmarkTask
  extends RowForm,
    Pick<Task, 'name' | 'description' | 'metric' | 'presets' | 'split' | 'maxSourceLength'> {
  readonly details?: Task['details'];
  readonly choices?: Task['choices'];
  /** What messages call the data set, e.g. `GLUE's RTE`. */
  readonly dataSet: string;
  /** The forms it comes in, the likeliest first. */
  readonly layouts: readonly Layout[];
  /** Rows of the whole data set, by which a sample of it is known. */
  readonly rows: { readonly train: number; readonly validation: number };
}

/** A task over a benchmark's own files. */
export function benchmarkTask(benchmark: BenchmarkTask): Task {
  const { name, description, metric, details, presets, split, maxSourceLength, classes, layouts, dataSet } = benchmark;
  const form: RowForm = { ...benchmark, oneAnswer: metricNamed(metric).oneAnswer ?? false };
  return {
    name,
    description,
    metric,
    ...(details !== undefined && { details }),
    labels: classes?.names,
    ...(benchmark.numbers !== undefined && { numbers: true }),
    ...(benchmark.choices && { choices: true }),
    segments: form.segments,
    rows: { form, optionsFor: path => layoutOf(path, layouts) },
    maxSourceLength,
    presets,
    split,
    find: dataFolder => findLayout(layouts, dataFolder)?.folder,
    mayRead: path => belongsTo(layouts, path),
    load: async dataFolder => {
      const { layout, train, validation } = requireLayout(layouts, dataFolder, dataSet);
      const original = {
        train: await readExamples(train, form, layout),
        validation: await readExamples(validation, form, layout),
      };
      const incomplete = whatIsMissing(original, benchmark.rows);
      const files = [...train, ...validation];
      return { ...original, files, ...(incomplete !== undefined && { incomplete }) };
    },
  };
}

/** In words, how far the data at hand are from the whole data set; undefined where all of it is there. */
function whatIsMissing(
  original: Required<Pick<OriginalSplits, 'train' | 'validation'>>,
  rows: BenchmarkTask['rows'],
): string | undefined {
  const short = (['train', 'validation'] as const).filter(part => original[part].length < rows[part]);
  if (short.length === 0) return undefined;
  const counts = short.map(part => {
    const word = part === 'train' ? 'training' : 'validation';
    return `${grouped(original[part].length)} of ${grouped(rows[part])} ${word} rows`;
  });
  return `the data at hand are not the whole data set: ${counts.join(', ')}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
