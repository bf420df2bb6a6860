import { join } from 'node:path';
import type { SettingKey } from '../../config/settings.ts';
import { bytes as size } from '../../core/format.ts';
import { pushRun } from '../../publish/push-job.ts';
import type { Command } from '../command.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys = ['model', 'task'] as const satisfies SettingKey[];

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
