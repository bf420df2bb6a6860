import { type ArgsDef, type ParsedArgs, parseArgs } from 'citty';
import { nearestNames } from '../config/nearest.ts';
import { expandHome } from '../config/paths.ts';
import { InputError } from '../errors.ts';

/**
 * Reads a command's arguments.
 * @throws InputError for a flag the command does not have (with the nearest one), a flag without its value, and a
 * positional argument too many or too few. `~` in flags of paths becomes the home folder: no shell does it after `=`.
 */
export function parseArguments(rawArgs: readonly string[], definitions: ArgsDef): ParsedArgs {
  const flags = Object.keys(definitions).filter(name => definitions[name]!.type !== 'positional');
  for (const argument of rawArgs) {
    // What follows are no flags: texts, and files, may begin with a dash.
    if (argument === '--') break;
    if (argument.startsWith('-')) checkFlag(argument, flags, definitions);
  }
  const parsed = parse(rawArgs, definitions);
  for (const name of flags) {
    if (definitions[name]!.type !== 'boolean' && parsed[name] === '') {
      throw new InputError('a value is missing', { where: `--${name}`, remedy: `write --${name} VALUE` });
    }
  }
  for (const name of flags) {
    const { valueHint = '' } = definitions[name] as { valueHint?: string };
    const value: unknown = parsed[name];
    if (typeof value !== 'string' || !/FILE|FOLDER|PATH/.test(valueHint)) continue;
    Object.assign(parsed, { [name]: expandHome(value) });
  }
  const positionals = Object.values(definitions).filter(definition => definition.type === 'positional').length;
  const extra = parsed._[positionals];
  if (extra !== undefined) {
    throw new InputError(`\`${extra}\` is one argument too many`, { remedy: 'did you forget a `--` before a flag?' });
  }
  return parsed;
}

function parse(rawArgs: readonly string[], definitions: ArgsDef): ParsedArgs {
  try {
    return parseArgs([...rawArgs], definitions);
  } catch (cause) {
    // The parser's own complaints are about the arguments, so they are the user's to mend.
    throw new InputError((cause as Error).message, { remedy: 'add --help to see what the command takes', cause });
  }
}

function checkFlag(argument: string, flags: readonly string[], definitions: ArgsDef): void {
  // A negative number is a value.
  if (/^-\d/.test(argument)) return;
  const name = argument.replace(/^--?/, '').replace(/=.*$/s, '');
  const positive = name.replace(/^no-/, '');
  if (argument.startsWith('--') && flags.includes(name)) return;
  if (argument.startsWith('--') && definitions[positive]?.type === 'boolean') return;
  const [nearest] = nearestNames(name, flags);
  throw new InputError(`there is no flag \`${argument.replace(/=.*$/s, '')}\` here`, {
    remedy: nearest === undefined ? 'add --help to see the flags' : `did you mean \`--${nearest}\`?`,
  });
}
