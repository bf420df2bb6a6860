import { truncateSync } from 'node:fs';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import type { DeltaModule } from '../core/site.ts';
import { appendJsonLine, readJsonLines, sampleJsonLines } from '../files/json-lines.ts';
import { isThere, readBytesSync } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { chooseStructure } from '../search/choose-structure.ts';
import { sitePosition, upgradedModule } from '../structure/site-records.ts';
import { labelsOf } from '../structure/structure-file.ts';

const VERSION = 2;

const opening = z.object({
  version: z.literal(VERSION),
  /** Parameters to spend. */
  budget: z.number().positive(),
  /** What kinds that plugins bring are called. */
  labels: z.record(z.string(), z.string()).optional(),
  /** Whether modules that cannot change the output may be kept. */
  keepInert: z.boolean(),
  candidates: z.array(
    z.object({
      site: z.string(),
      kind: z.string(),
      ...sitePosition,
      parameters: z.number().positive(),
      inert: z.boolean(),
    }),
  ),
});

const line = z
  .object({
    step: z.int().nonnegative(),
    /** How probable each candidate was to be kept, where the search has such. */
    p: z.array(z.number().min(0).max(1)).optional(),
    /** What each candidate was worth, where it has not. */
    worth: z.array(z.number()).optional(),
  })
  .refine(({ p, worth }) => (p === undefined) !== (worth === undefined));

/** One moment of a search, in the order of the candidates. */
export type HistoryLine = z.infer<typeof line>;

/** The content of `search-history.jsonl`: what could be chosen, and how the choice came about, by step. */
export type SearchHistory = Omit<z.infer<typeof opening>, 'version'> & { readonly lines: readonly HistoryLine[] };

/** A history begins with a line that names what there is to choose from. One that has begun goes on. */
export async function beginHistory(
  file: string,
  { budget, keepInert, ...space }: { candidates: readonly DeltaModule[]; budget: number; keepInert: boolean },
): Promise<void> {
  if (isThere(file)) return;
  const labels = labelsOf(space.candidates);
  const candidates = space.candidates.map(({ site, kind, parameters, inert }) => {
    return { site: site.name, kind, role: site.role, place: site.place, parameters, inert };
  });
  await writeFileWhole(
    file,
    jsonLine({ version: VERSION, budget, ...(Object.keys(labels).length > 0 && { labels }), keepInert, candidates }),
  );
}

/** What a search thinks of its candidates after a step: probabilities where it has such, else what they are worth. */
export type Opinion = { readonly probabilities: Float64Array } | { readonly worth: Float64Array };

/** Adds what is thought of the candidates after a step. Four digits tell all that a picture can show. */
export function appendHistory(file: string, step: number, opinion: Opinion): void {
  const short = (values: Float64Array) => Array.from(values, value => Number(value.toPrecision(4)));
  const [name, values] =
    'probabilities' in opinion ? (['p', opinion.probabilities] as const) : (['worth', opinion.worth] as const);
  appendJsonLine(file, { step, [name]: short(values) });
}

/**
 * The history of a search, in the order of its steps; undefined where none was written. A step that was done again
 * after a resumption counts once, with its last line; a line that is none of this history is left out.
 * @throws InputError for a version that is not known
 */
export function readHistory(file: string): SearchHistory | undefined {
  return historyOf(readJsonLines(file), file);
}

/** The same for people to look at: of a long one about so many moments. */
export async function sampleHistory(file: string, most: number): Promise<SearchHistory | undefined> {
  return historyOf(await sampleJsonLines(file, most), file);
}

function historyOf([first, ...rest]: readonly unknown[], file: string): SearchHistory | undefined {
  const begun = opening.safeParse(upgraded(first, file));
  if (!begun.success) return undefined;
  const lines = new Map<number, HistoryLine>();
  for (const value of rest) {
    const { success, data } = line.safeParse(value);
    if (success && valuesOf(data).length === begun.data.candidates.length) lines.set(data.step, data);
  }
  const { version: _, ...opened } = begun.data;
  return { ...opened, lines: [...lines.values()].sort((a, b) => a.step - b.step) };
}

const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** An opening as this version writes it; the first version did not name itself. */
function upgraded(content: unknown, where: string): unknown {
  if (typeof content !== 'object' || content === null || !('candidates' in content)) return content;
  const { version = 1, candidates } = content as { version?: unknown; candidates: unknown };
  if (version === VERSION || !Array.isArray(candidates)) return content;
  if (version !== 1) {
    throw new InputError(`a history of version ${JSON.stringify(version)}, where ${VERSION} and 1 can be read`, {
      code: 'unknown-version',
      where,
      remedy: 'use the version of s3delta that wrote it, or a later one',
    });
  }
  return { ...content, version: VERSION, candidates: candidates.map(each => upgradedModule(each, where)) };
}

/** Takes back what was written of a step and of those after it. */
export function cutHistory(file: string, step: number): void {
  if (!isThere(file)) return;
  const lines = readBytesSync(file).toString().split('\n');
  const first = lines.findIndex((text, i) => i > 0 && stepOf(text) >= step);
  if (first > 0) truncateSync(file, Buffer.byteLength(`${lines.slice(0, first).join('\n')}\n`));
}

function stepOf(text: string): number {
  return Number(/^\{"step":(\d+)/.exec(text)?.[1] ?? Number.NEGATIVE_INFINITY);
}

/** Rewrites the file with its whole lines only, so that appending can go on after a crash. */
export async function repairHistory(file: string): Promise<void> {
  const history = readHistory(file);
  if (history === undefined) return;
  const { lines, ...opened } = history;
  await writeFileWhole(file, [{ version: VERSION, ...opened }, ...lines].map(jsonLine).join(''));
}

const valuesOf = ({ p, worth }: HistoryLine): readonly number[] => p ?? worth ?? [];

/** The structure as it would be if the search ended at that line. */
export function keptAt({ candidates, budget, keepInert }: SearchHistory, line: HistoryLine): boolean[] {
  return chooseStructure(valuesOf(line), candidates, { budget, keepInert });
}
