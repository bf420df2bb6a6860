import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { DeltaModule } from '../core/delta-module.ts';
import { appendJsonLine, readJsonLines } from '../files/json-lines.ts';
import { writeFileWhole } from '../files/write-file-whole.ts';
import { chooseStructure } from '../search/choose-structure.ts';

const opening = z.object({
  /** Parameters to spend. */
  budget: z.number().positive(),
  /** Whether modules that cannot change the output may be kept. */
  keepInert: z.boolean(),
  candidates: z.array(
    z.object({
      site: z.string(),
      kind: z.string(),
      position: z.string(),
      column: z.string(),
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
export type SearchHistory = z.infer<typeof opening> & { readonly lines: readonly HistoryLine[] };

/** A history begins with a line that names what there is to choose from. One that has begun goes on. */
export async function beginHistory(
  file: string,
  { budget, keepInert, ...space }: { candidates: readonly DeltaModule[]; budget: number; keepInert: boolean },
): Promise<void> {
  if (existsSync(file)) return;
  const candidates = space.candidates.map(({ site, kind, parameters, inert }) => {
    return { site: site.name, kind, position: site.position, column: site.column, parameters, inert };
  });
  await writeFileWhole(file, `${JSON.stringify({ budget, keepInert, candidates })}\n`);
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
 */
export function readHistory(file: string): SearchHistory | undefined {
  const [first, ...rest] = readJsonLines(file);
  const begun = opening.safeParse(first);
  if (!begun.success) return undefined;
  const lines = new Map<number, HistoryLine>();
  for (const value of rest) {
    const { success, data } = line.safeParse(value);
    if (success && valuesOf(data).length === begun.data.candidates.length) lines.set(data.step, data);
  }
  return { ...begun.data, lines: [...lines.values()].sort((a, b) => a.step - b.step) };
}

/** Rewrites the file with its whole lines only, so that appending can go on after a crash. */
export async function repairHistory(file: string): Promise<void> {
  const history = readHistory(file);
  if (history === undefined) return;
  const { lines, ...begun } = history;
  await writeFileWhole(file, [begun, ...lines].map(value => `${JSON.stringify(value)}\n`).join(''));
}

const valuesOf = ({ p, worth }: HistoryLine): readonly number[] => p ?? worth ?? [];

/** The structure as it would be if the search ended at that line. */
export function keptAt({ candidates, budget, keepInert }: SearchHistory, line: HistoryLine): boolean[] {
  return chooseStructure(valuesOf(line), candidates, { budget, keepInert });
}
