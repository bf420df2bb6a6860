import { stringify } from 'yaml';
import { schemaLine } from '../files/text-files.ts';
import { toConfigFile } from './paths.ts';
import type { ResolvedSettings } from './resolve.ts';
import { chosenStrategy } from './search-options.ts';
import { type SettingKey, type Settings, settingsSchema } from './settings.ts';

/** Keys that a first config shows beside those that were chosen: what people turn next. */
const shown = (settings: Settings): readonly SettingKey[] => [
  ...(['model', 'task', 'data', 'budget', 'max-steps', 'space', 'seed', 'lr'] as const),
  ...([
    'epochs',
    'batch-size',
    'search-steps',
    'eval-every',
    'retrain-epochs',
    'retrain-eval-every',
    'max-length',
  ] as const),
  ...(['micro-batch', 'device', 'threads', 'random-baseline'] as const),
  ...(['strategy', ...chosenStrategy(settings).strategy.varied] as SettingKey[]),
];

/**
 * The text of a commented config, to be written to `path`: chosen keys with their values, others behind a `#` with the
 * values they have when left out. Paths are written as seen from that file.
 */
export function draftConfig(given: ResolvedSettings, chosen: readonly SettingKey[], path: string): string {
  const settings = toConfigFile(given, path);
  const name = path.replaceAll('\\', '/');
  return [
    schemaLine(path, 'config'),
    `# Run it:  s3delta search ${name}     (s3delta search --help explains every key)`,
    ...shown(settings).flatMap(key => ['', ...comment(key), line(key, settings[key], chosen.includes(key))]),
    '',
  ].join('\n');
}

function comment(key: SettingKey): string[] {
  const { description = '' } = settingsSchema.shape[key].meta() as { description?: string };
  return [`# ${description.replace(new RegExp(`^${key}: `), '')}`];
}

function line(key: SettingKey, value: unknown, isChosen: boolean): string {
  if (value === undefined) return `# ${key}:`;
  const text = stringify({ [key]: value }).trimEnd();
  return isChosen ? text : `# ${text}`;
}
