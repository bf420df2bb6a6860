import type { SettingKey } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { bytes as size } from '../../core/units.ts';
import { type ExportFormat, exporters, exportFormats } from '../../export/formats.ts';
import { runExportJob } from '../../jobs/export-job.ts';
import type { Command } from '../command.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys = ['model', 'task'] as const satisfies SettingKey[];

const formats = exportFormats.map(name => `${name} (${exporters[name].description})`).join(', ');

export const exportRun: Command = {
  description: 'Write what a run has trained in a form that other programs take',
  args: {
    run: { type: 'positional', required: true, description: 'run folder' },
    format: { type: 'string', valueHint: exportFormats.join('|'), description: `which form: ${formats}` },
    out: {
      type: 'string',
      valueHint: 'FOLDER',
      description: 'where to write it (default: a folder in the run folder, named after the format)',
    },
    ...settingsArgs(keys),
  },
  async run(args, { signal }) {
    const format = formatName(args.format);
    const out = args.out === undefined ? {} : { out: String(args.out) };
    const outcome = await runExportJob(
      String(args.run),
      { format, ...out, ...(signal && { signal }) },
      readSettings(args, keys),
    );
    const { folder, files, bytes } = outcome;
    return { document: outcome, lines: [`${folder}: ${files.join(', ')} (${size(bytes)})`] };
  },
};

function formatName(given: unknown): ExportFormat {
  const known = exportFormats.find(name => name === given);
  if (known !== undefined) return known;
  const remedy = `give --format with one of ${exportFormats.join(', ')}`;
  const what = given === undefined ? 'no format is given' : `there is no format \`${given}\``;
  throw new InputError(what, { code: 'unknown-value', where: '--format', remedy });
}
