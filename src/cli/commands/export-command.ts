import type { SettingKey } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { bytes as size } from '../../core/format.ts';
import type { Exporters } from '../../export/formats.ts';
import { runExportJob } from '../../jobs/export-job.ts';
import type { Command } from '../command.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys = ['model', 'task'] as const satisfies SettingKey[];

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
    ...settingsArgs(keys),
  }),
  async run(args, { signal, catalogue }) {
    const format = formatName(args.format, catalogue.exporters);
    const out = args.out === undefined ? {} : { out: String(args.out) };
    const dtypes = args.dtype === undefined ? {} : { dtypes: String(args.dtype).split(',') };
    const outcome = await runExportJob(
      String(args.run),
      { format, ...out, ...dtypes, ...(signal && { signal }) },
      readSettings(args, keys, catalogue),
    );
    const { folder, files, bytes } = outcome;
    return { document: outcome, lines: [`${folder}: ${files.join(', ')} (${size(bytes)})`] };
  },
};

/** Which forms there are is known where the run is opened: its plugins may bring some. */
function formatName(given: unknown, exporters: Exporters): string {
  if (given !== undefined) return String(given);
  const remedy = `give --format with one of ${Object.keys(exporters).join(', ')}`;
  throw new InputError('no format is given', { code: 'unknown-value', where: '--format', remedy });
}
