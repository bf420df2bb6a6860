import type { Table } from '../report/table.ts';

/** A run with the text of its config.yaml. */
interface Configured {
  readonly name: string;
  readonly config: string;
}

/** Every run has another, and nothing hangs on it. */
const passedOver = ['out'];

/**
 * The settings that are not the same in all runs, a column a run, with a dash where one lacks it; undefined where none
 * differs.
 */
export function settingsThatDiffer(runs: readonly Configured[]): Table | undefined {
  const settings = runs.map(({ config }) => settingsIn(config));
  const keys = [...new Set(settings.flatMap(each => [...each.keys()]))].filter(key => !passedOver.includes(key));
  const rows = keys
    .map(key => [key, ...settings.map(each => each.get(key) ?? '–')])
    .filter(([, ...values]) => new Set(values).size > 1);
  return rows.length === 0 ? undefined : { header: ['setting', ...runs.map(({ name }) => name)], rows };
}

/**
 * Keys at the margin, each with what stands up to the next: as a run writes its config, which a browser need not
 * understand to see that two differ.
 */
function settingsIn(config: string): Map<string, string> {
  const found = new Map<string, string>();
  let last: string | undefined;
  for (const line of config.split('\n')) {
    const [, key, value = ''] = /^([\w-]+):(.*)$/.exec(line) ?? [];
    if (key !== undefined) {
      last = key;
      found.set(key, plain(value));
    } else if (last !== undefined && line.trim() !== '' && !line.startsWith('#')) {
      found.set(last, [found.get(last), plain(line)].filter(Boolean).join(' '));
    }
  }
  return found;
}

/** `"500"` is what `500` is. */
function plain(value: string): string {
  return value.trim().replace(/^(["'])(.*)\1$/, '$2');
}
