import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { readSealedJson } from '../files/noted-hashes.ts';
import { isThere } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { ComparisonView } from '../report/comparison.ts';
import { comparisonHtml } from '../report/comparison-report.ts';

// JSON has no NaN, the score of a metric that is not defined: it is written as null.
const score = z.nullable(z.number()).transform(value => value ?? Number.NaN);
const spread = z.object({ mean: score, sd: score.nullable() });

const row = z.object({
  task: z.string(),
  method: z.string(),
  label: z.string(),
  variant: z.string(),
  budget: z.string().nullable(),
  isFound: z.boolean(),
  metric: z.string(),
  seeds: z.array(z.number()),
  scores: z.array(score),
  test: spread,
  testInterval: z.object({ low: score, high: score }).optional(),
  validation: spread,
  majority: score,
  parameters: z.number(),
  fraction: z.number(),
  seconds: z.number(),
  evaluations: z.number(),
  peakBytes: z.number(),
  foundLessThis: z
    .object({
      ...{ difference: score, p: z.number(), pairs: z.number(), smallestP: z.number() },
      ...{ method: z.string(), budget: z.string().nullable() },
      // Of an older version neither is known.
      sd: score.nullable().default(null),
      interval: z.object({ low: score, high: score }).nullable().default(null),
    })
    .optional(),
});

const verdict = z.object({
  task: z.string(),
  budget: z.string().nullable(),
  lines: z.array(z.object({ about: z.string(), says: z.string() })),
  next: z.object({ command: z.string(), why: z.string() }),
});

const comparison = z.object({
  model: z.string(),
  rows: z.array(row),
  failed: z.array(z.object({ run: z.string(), message: z.string() })).catch([]),
  verdicts: z.array(verdict).default([]),
});

/** Where a comparison keeps what it has found. */
export const comparisonFile = (folder: string) => join(folder, 'compare.json');

/** Whether a folder is one of a comparison, a sweep or a transfer that has ended. */
export function holdsComparison(folder: string): boolean {
  return isThere(comparisonFile(folder));
}

/** What a comparison has found. InputError where its file is none, or has changed. */
export async function readComparison(folder: string): Promise<ComparisonView> {
  const where = comparisonFile(folder);
  const parsed = comparison.safeParse(await readSealedJson(where));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new InputError(`not the result of a comparison: ${path.join('.') || 'content'}: ${message}`, {
    code: 'unreadable-result',
    where,
    remedy: 'it was changed by hand or by another version: give the command of the comparison again',
    cause: parsed.error,
  });
}

/** Writes `report.html` into the folder of a comparison, and returns its path. */
export async function writeComparisonReport(folder: string): Promise<string> {
  const path = join(folder, 'report.html');
  await writeFileWhole(path, comparisonHtml(await readComparison(folder)));
  return path;
}
