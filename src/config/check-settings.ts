import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { InputError } from '../core/errors.ts';
import { offeredModel } from '../models/built-in.ts';
import type { Settings } from './settings.ts';

/** What a command was given by flags, of which some may be lists. */
type Said = Readonly<Record<string, unknown>>;

/** As `Contradiction`s of a strategy's options, of keys that every run or comparison has. */
const saidTogether = [
  {
    holds: (said: Said) => said.retrain === false && said['random-baseline'] === true,
    keys: ['no-retrain', 'random-baseline'],
    what: 'a random structure is compared with what is found by training both, and nothing is to be trained',
    remedy: 'leave one of them out',
  },
  {
    holds: (said: Said, all: Said) => said.against !== undefined && all['score-within'] === undefined,
    keys: ['against', 'score-within'],
    what: 'nothing is held against it: how small a structure can be is not asked',
    remedy: 'add `--score-within`, for example `--score-within 1%`, or leave `--against` out',
  },
];

/**
 * Flags of which one would be passed over because of another. What a preset fills in or a config file says does not
 * count, as flags win over both.
 * @param said by flags
 * @param all the same, and what the config file says
 * @throws InputError naming both, and what to leave out
 */
export function requireAgreeingFlags(said: Said, all: Said, { strategies }: Catalogue = builtIn): void {
  const ofStrategies = strategies.flatMap(strategy => strategy.saidTogether ?? []);
  const found = [...saidTogether, ...ofStrategies].find(({ holds }) => holds(said, all));
  if (found === undefined) return;
  const { what, keys, remedy } = found;
  throw new InputError(what, { code: 'conflicting-settings', where: keys.map(key => `--${key}`).join(', '), remedy });
}

/** What no default can know. @throws InputError where the model or the task is not said */
export function requireModelAndTask(model: string | undefined, task: string | undefined) {
  if (task === undefined) {
    throw new InputError('no task is given', {
      code: 'missing-setting',
      where: '--task',
      remedy: 'name one, for example `--task rte` (`s3delta tasks` lists them)',
    });
  }
  return { model: requireModel(model), task };
}

/** @throws InputError where the model is not said */
export function requireModel(model: string | undefined): string {
  if (model === undefined) {
    throw new InputError('no model is given', {
      code: 'missing-setting',
      where: '--model',
      remedy: `give a folder with a T5 checkpoint, or \`--model ${offeredModel}\` for the built-in one`,
    });
  }
  return model;
}

/**
 * Products of integers are for weights that stay as they are.
 * @param tuned space or method of what is tuned
 * @throws InputError where all of them are trained
 */
export function requireFrozenWeights(
  precision: Settings['precision'],
  tuned: string | undefined,
  catalogue: Catalogue = builtIn,
): void {
  if (trainsAllWeights(tuned, catalogue) && precision === 'int8') {
    throw new InputError('full fine-tuning changes every weight, and 8-bit integers are for frozen ones', {
      code: 'conflicting-settings',
      where: '--precision',
      remedy: 'give `--precision float32`, or tune something else',
    });
  }
}

/** @param tuned space or method of what is tuned, where one is known */
export function trainsAllWeights(tuned: string | undefined, { methods }: Catalogue): boolean {
  return tuned !== undefined && Object.hasOwn(methods, tuned) && methods[tuned]!.trainsAllWeights === true;
}

/** What names a structure that no search finds. */
type GivenStructure = Pick<Settings, 'method' | 'structure' | 'map' | 'warm-start'>;

/** What `train` tunes must be said once: by a method or by a structure file. @throws InputError otherwise */
export function requireMethodOrStructure(settings: GivenStructure): void {
  if ((settings.method === undefined) === (settings.structure === undefined)) {
    throw new InputError(
      settings.method === undefined
        ? 'neither a method nor a structure is given'
        : 'both a method and a structure are given',
      {
        code: 'conflicting-settings',
        where: '--method, --structure',
        remedy: 'give one of them, for example `--method lora` or `--structure runs/rte/structure.json`',
      },
    );
  }
  if (settings['warm-start'] !== true) return;
  const other = settings.structure === undefined ? 'method' : 'map';
  if (settings[other] === undefined) return;
  throw new InputError(`there is nothing to begin with: \`${other}\` makes modules that nobody has trained`, {
    code: 'conflicting-settings',
    where: `--warm-start, --${other}`,
    remedy:
      'give --structure with the structure.json of a run that was trained on this model, or leave --warm-start out',
  });
}

/**
 * What `search` keeps is its own to find. @throws InputError where a method, a structure or a mapping of one is given
 */
export function requireNothingGiven(settings: GivenStructure): void {
  const given = (['method', 'structure', 'map', 'warm-start'] as const).find(key => settings[key] !== undefined);
  if (given === undefined) return;
  throw new InputError(`a search finds its structure itself, and \`${given}: ${settings[given]}\` is given`, {
    code: 'conflicting-settings',
    where: given,
    remedy: 'leave it out, or use `s3delta train`, which tunes what it is given',
  });
}
