import { parseArgs } from 'node:util';
import { nearestNames } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { expandHome } from '../files/folders.ts';

/** What a command takes, by name; positional arguments in the order of their places. */
export type ArgsDef = Readonly<Record<string, ArgDef>>;

export type ArgDef = Positional | FlagDef;

export type FlagDef = ValueFlag | Switch;

/** An argument that is known by its place. It must be given, unless it is not `required`. */
interface Positional {
  readonly type: 'positional';
  readonly description: string;
  readonly required?: boolean;
  /** Words to choose from, `a|b`, for shells to complete (default: any file). */
  readonly valueHint?: string;
}

/** What help says of any flag. */
interface FlagHelp {
  readonly description: string;
  /** Heading to list it under where a command takes many. */
  readonly group?: string;
}

/** `--name VALUE` or `--name=VALUE`; the help writes `valueHint` for the value (default: the name). */
interface ValueFlag extends FlagHelp {
  readonly type: 'string';
  readonly valueHint?: string;
  /** Whether it may be given several times: its values come with commas between them. */
  readonly repeatable?: boolean;
}

/** `--name` or `--no-name`; the help lists the latter where it has a description of its own. */
interface Switch extends FlagHelp {
  readonly type: 'boolean';
  readonly negativeDescription?: string;
}

/** What was given, by name: truth values for switches, texts for all others. */
export type ParsedArgs = Readonly<Record<string, string | boolean | undefined>>;

/**
 * Reads a command's arguments. Of a flag that is given twice the last one counts, unless it may be repeated; after `--`
 * nothing is a flag.
 * @throws InputError for a flag the command does not have (with the nearest one), a flag without its value, a switch
 * with one, and a positional argument too many or too few
 */
export function parseArguments(rawArgs: readonly string[], definitions: ArgsDef): ParsedArgs {
  const all = Object.entries(definitions);
  const valueFlags = all
    .filter(([, { type }]) => type === 'string')
    .map(([name]) => [name, { type: 'string' as const }]);
  // Node's strict mode refuses negative numbers as values and knows no nearest flag: here it cuts, and we judge.
  const { tokens } = parseArgs({
    args: [...rawArgs],
    options: Object.fromEntries(valueFlags),
    strict: false,
    tokens: true,
  });
  const flags = tokens.flatMap(token =>
    token.kind === 'option' ? [readFlag({ ...token, argument: rawArgs[token.index]! }, definitions)] : [],
  );
  const texts = tokens.flatMap(token => (token.kind === 'positional' ? [token.value] : []));
  const places = all.flatMap(([name, arg]) => (arg.type === 'positional' ? [{ name, ...arg }] : []));
  const several = flags.map(([name, value]): (typeof flags)[number] => {
    const { repeatable = false } = definitions[name] as Partial<ValueFlag>;
    return [name, repeatable ? flags.flatMap(([other, each]) => (other === name ? [each] : [])).join(',') : value];
  });
  return Object.fromEntries([...several, ...readPositionals(texts, places)]);
}

const negativeNumber = /^-\.?\d/;

interface GivenFlag {
  /** The argument as it was written: Node takes `-lr` apart into two flags. */
  readonly argument: string;
  readonly name: string;
  readonly value: string | undefined;
  /** Whether the value follows `=`, rather than being the next argument. */
  readonly inlineValue: boolean | undefined;
}

function readFlag(flag: GivenFlag, definitions: ArgsDef): [name: string, value: string | boolean] {
  const { argument, name, value } = flag;
  const typeOf = (key: string) => (Object.hasOwn(definitions, key) ? definitions[key]!.type : undefined);
  if (argument.startsWith('--')) {
    if (typeOf(name) === 'string') return [name, asPath(definitions[name]!, givenValue(flag))];
    if (typeOf(name) === 'boolean') return [name, truth(name, value)];
    const positive = name.replace(/^no-/, '');
    if (typeOf(positive) === 'boolean') return [positive, !truth(positive, value)];
  }
  throw unknownFlag(
    argument,
    Object.keys(definitions).filter(key => typeOf(key) !== 'positional'),
  );
}

function givenValue({ name, value = '', inlineValue }: GivenFlag): string {
  // In `--lr --seed 3` a value was forgotten; in `--lr -0.5` it was not.
  const isFlag = !inlineValue && value.startsWith('-') && !negativeNumber.test(value);
  if (value !== '' && !isFlag) return value;
  throw new InputError('a value is missing', {
    code: 'missing-value',
    where: `--${name}`,
    remedy: isFlag ? `write --${name} VALUE before ${value}` : `write --${name} VALUE`,
  });
}

/** No shell puts the home folder in place of `~` after `=`. */
function asPath(definition: ArgDef, value: string): string {
  const { valueHint = '' } = definition as Partial<ValueFlag>;
  if (!/FILE|FOLDER|PATH/.test(valueHint)) return value;
  return valueHint.includes(',') ? value.split(',').map(expandHome).join(',') : expandHome(value);
}

function truth(name: string, value: string | undefined): boolean {
  if (value === undefined || value === 'true') return true;
  if (value === 'false') return false;
  throw new InputError(`it is on or off, not \`${value}\``, {
    code: 'unknown-value',
    where: `--${name}`,
    remedy: `write --${name} or --no-${name}`,
  });
}

function unknownFlag(argument: string, flags: readonly string[]): InputError {
  const [written] = argument.split('=', 1) as [string];
  const [nearest] = negativeNumber.test(written) ? [] : nearestNames(written.replace(/^--?/, ''), flags);
  return new InputError(`there is no flag \`${written}\` here`, {
    code: 'unknown-flag',
    remedy:
      nearest === undefined
        ? 'add --help to see the flags; write `--` before a text that begins with a dash'
        : `did you mean \`--${nearest}\`?`,
  });
}

function readPositionals(
  texts: readonly string[],
  places: readonly { readonly name: string; readonly required?: boolean }[],
): [name: string, text: string][] {
  const extra = texts[places.length];
  if (extra !== undefined) {
    throw new InputError(`\`${extra}\` is one argument too many`, {
      code: 'argument-count',
      remedy: 'did you forget a `--` before a flag?',
    });
  }
  const missing = places[texts.length];
  if (missing !== undefined && missing.required !== false) {
    throw new InputError(`${missing.name.toUpperCase()} is missing`, {
      code: 'argument-count',
      remedy: 'add --help to see what the command takes',
    });
  }
  return texts.map((text, i) => [places[i]!.name, text]);
}
