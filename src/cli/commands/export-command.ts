import type { SettingKey } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { plural, bytes as size, score as written } from '../../core/format.ts';
import type { Exporters } from '../../export/formats.ts';
import { measureRounding, type NotMeasured, type RoundingLoss, runExportJob } from '../../jobs/export-job.ts';
import type { Command } from '../command.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys = ['model', 'task'] as const satisfies SettingKey[];
/** Of the rows that the loss of rounding is measured on. */
const rowKeys = ['data', 'max-validation'] as const satisfies SettingKey[];

export const exportRun: Command = {
  description: 'Write what a run has trained in a form that other programs take',
  examples: {
    'runs/reviews --format onnx': 'for transformers.js and ONNX Runtime',
    'runs/lora --format peft --out ./adapter': 'for Hugging Face PEFT',
  },
  args: ({ exporters }) => ({
    run: { type: 'positional', required: true, description: 'run folder' },
    format: {
      type: 'string',
      valueHint: Object.keys(exporters).join('|'),
      description: `which form: ${Object.entries(exporters)
        .map(([name, { description }]) => `${name} (${description})`)
        .join(', ')}`,
    },
    dtype: {
      type: 'string',
      valueHint: 'NAMES',
      description: `forms of the weights, separated by commas: ${Object.entries(exporters)
        .flatMap(([name, { dtypes = [] }]) => (dtypes.length > 0 ? [`of ${name} ${dtypes.join(', ')}`] : []))
        .join('; ')} (default: the first)`,
    },
    out: {
      type: 'string',
      valueHint: 'FOLDER',
      description: 'where to write it (default: a folder in the run folder, named after the format)',
    },
    ...settingsArgs([...keys, ...rowKeys]),
  }),
  async run(args, { signal, catalogue }) {
    const format = formatName(args.format, catalogue.exporters);
    const out = args.out === undefined ? {} : { out: String(args.out) };
    const dtypes = args.dtype === undefined ? {} : { dtypes: String(args.dtype).split(',') };
    const run = String(args.run);
    const changes = readSettings(args, keys, catalogue);
    const outcome = await runExportJob(run, { format, ...out, ...dtypes, ...(signal && { signal }) }, changes);
    const rows = readSettings(args, rowKeys, catalogue);
    const rounding = await measureRounding(
      run,
      outcome,
      dtypes.dtypes ?? [],
      { ...changes, ...rows },
      { catalogue, ...(signal && { signal }) },
    );
    const { folder, files, bytes } = outcome;
    return {
      document: { ...outcome, ...(rounding && { rounding }) },
      lines: [`${folder}: ${files.join(', ')} (${size(bytes)})`, ...(rounding ? roundingLines(rounding) : [])],
    };
  },
};

function roundingLines(rounding: RoundingLoss | NotMeasured): string[] {
  if ('unknown' in rounding) return [`what rounding costs is not measured: ${rounding.unknown}`];
  const { metric, examples, exact, rounded } = rounding;
  return Object.entries(rounded).map(([dtype, score]) => {
    const difference = written(Math.abs(score - exact));
    const change = score === exact ? 'as' : `${difference} ${score < exact ? 'less' : 'more'} than`;
    return `${dtype}: ${metric} ${written(score)} on ${plural(examples, 'validation row')}, ${change} the run`;
  });
}

/** Which forms there are is known where the run is opened: its plugins may bring some. */
function formatName(given: unknown, exporters: Exporters): string {
  if (given !== undefined) return String(given);
  const remedy = `give --format with one of ${Object.keys(exporters).join(', ')}`;
  throw new InputError('no format is given', { code: 'unknown-value', where: '--format', remedy });
}
