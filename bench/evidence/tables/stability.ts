import type { Model } from '../../../src/index.ts';
import { cellKey } from '../cells.ts';
import { DEFAULT, randomModules, S3DELTA, strategyCell } from '../contestants.ts';
import { fixed, meanOf, table } from '../markdown.ts';
import type { StrategyOutcome } from '../run-strategy.ts';
import type { Finished } from '../store.ts';

const TASKS = ['sst2', 'stsb', 'mrpc', 'cola'];
const SEEDS = [...Array(8).keys()];

/** Where the one LoRA lies that 0.01 % holds. */
const PLACES: Readonly<Record<string, RegExp>> = {
  'v or o, encoder': /^encoder.*\.[vo]:lora$/,
  'v or o, decoder': /^decoder.*\.[vo]:lora$/,
  'q or k': /\.[qk]:lora$/,
};

/** Whether searches of several seeds answer alike: where their LoRA lies, and how often two keep the same one. */
export function stabilityTable(done: ReadonlyMap<string, Finished>, model: Model): string {
  const foundBy = (name: string, task: string) =>
    SEEDS.flatMap(seed => {
      const outcome = done.get(cellKey(strategyCell(task, seed, name)))?.outcome as StrategyOutcome | undefined;
      return outcome ? [outcome.modules] : [];
    });
  const drawn = SEEDS.flatMap(seed => [0, 1].map(draw => randomModules(model, seed, draw)));
  const rows = TASKS.flatMap(task =>
    [DEFAULT, S3DELTA].map(name => rowOf(`${task}, ${name === DEFAULT ? 'found' : "S³Delta's"}`, foundBy(name, task))),
  );
  return table(
    ['', 'structures', ...Object.keys(PLACES), 'no LoRA', 'two with the same LoRA', 'two with the same place'],
    [...rows, rowOf('random', drawn)],
  );
}

function rowOf(name: string, structures: readonly (readonly string[])[]): string[] {
  const loras = structures.map(modules => modules.find(id => id.endsWith(':lora')));
  const places = loras.map(id => Object.keys(PLACES).find(place => id !== undefined && PLACES[place]!.test(id)));
  const share = (holds: readonly boolean[]) => fixed(meanOf(holds.map(Number)), 2);
  const pairsOf = (values: readonly (string | undefined)[]) =>
    values.flatMap((one, i) => values.slice(i + 1).map(other => one !== undefined && one === other));
  return [
    ...[name, String(structures.length)],
    ...Object.keys(PLACES).map(place => share(places.map(each => each === place))),
    ...[share(loras.map(id => id === undefined)), share(pairsOf(loras)), share(pairsOf(places))],
  ];
}
