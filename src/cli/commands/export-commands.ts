import { join } from 'node:path';
import type { SettingKey } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { plural, bytes as size, score as written } from '../../core/format.ts';
import type { Exporters } from '../../export/formats.ts';
import { measureRounding, type NotMeasured, type RoundingLoss, runExportJob } from '../../jobs/export-job.ts';
import { pushRun } from '../../publish/push-job.ts';
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

export const push: Command = {
  description: 'Put what a run has trained on the Hugging Face Hub, with a model card ($HF_TOKEN says who)',
  examples: {
    'runs/reviews me/reviews --dry-run': 'write the folder and its card, and look at them',
    'runs/reviews me/reviews --private --format onnx': 'publish it for yourself alone',
  },
  args: ({ exporters }) => ({
    run: { type: 'positional', required: true, description: 'run folder' },
    name: { type: 'positional', required: true, description: 'org/name of the model on the Hub' },
    format: {
      type: 'string',
      valueHint: Object.keys(exporters).join('|'),
      description: `which form, as of \`s3delta export\` (default ${Object.keys(exporters)[0]})`,
    },
    dtype: { type: 'string', valueHint: 'NAMES', description: 'forms of the weights, as of `s3delta export`' },
    private: { type: 'boolean', description: 'make a repository that only its owners see' },
    update: { type: 'boolean', description: 'add a commit to a repository that is there already' },
    license: { type: 'string', valueHint: 'NAME', description: "the base's licence (default: what its card says)" },
    'dry-run': { type: 'boolean', description: 'write the folder that would be uploaded, and upload nothing' },
    out: {
      type: 'string',
      valueHint: 'FOLDER',
      description: 'where --dry-run writes it (default: hub in the run folder)',
    },
    ...settingsArgs(keys),
  }),
  async run(args, { signal, onEvent, catalogue }) {
    const isDry = args['dry-run'] === true;
    const outcome = await pushRun(
      String(args.run),
      String(args.name),
      {
        catalogue,
        isPrivate: args.private === true,
        mayUpdate: args.update === true,
        ...(args.format !== undefined && { format: String(args.format) }),
        ...(args.dtype !== undefined && { dtypes: String(args.dtype).split(',') }),
        ...(args.license !== undefined && { licence: String(args.license) }),
        ...(isDry && { dryRun: args.out === undefined ? join(String(args.run), 'hub') : String(args.out) }),
        ...(signal && { signal }),
        ...(onEvent && { onEvent }),
      },
      readSettings(args, keys, catalogue),
    );
    const { folder, uploaded, files, bytes } = outcome;
    const what = `${files.join(', ')} (${size(bytes)})`;
    return {
      document: outcome,
      lines: [uploaded === undefined ? `${folder}: ${what}; nothing was uploaded` : `${uploaded.url}: ${what}`],
    };
  },
};
