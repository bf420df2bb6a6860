import { findValue, type Row } from '../../data/rows/row.ts';
import { checkClasses, checkSpellings } from './check-labels.ts';
import { checkSizes } from './check-sizes.ts';
import { checkColumns, checkCopies, checkEmptyTexts } from './check-texts.ts';

/** The rows of one of a data set's files. */
export interface Part {
  readonly name: 'train' | 'validation' | 'test';
  readonly rows: readonly Row[];
}

/** What a task makes of its rows. */
export interface DataForm {
  /** Columns that the model reads. */
  readonly fields: readonly string[];
  /** The column with the answer. */
  readonly label: string;
  /** From the data's labels to the words to answer; undefined where answers are free text or numbers. */
  readonly labels: ReadonlyMap<string, string> | undefined;
  /** Whether answers are compared as numbers. */
  readonly numbers: boolean;
}

/** `error`: cannot be trained on; `serious`: most likely a mistake; `warning`: may be meant; `note`: a fact. */
export type Severity = 'error' | 'serious' | 'warning' | 'note';

/** One thing that the data show. */
export interface Finding {
  readonly severity: Severity;
  /** In a sentence, with what to do about it. */
  readonly text: string;
}

export type DataCheck = (parts: readonly Part[], form: DataForm) => readonly Finding[];

const severities: readonly Severity[] = ['error', 'serious', 'warning', 'note'];
const checks: readonly DataCheck[] = [
  checkClasses,
  checkSpellings,
  checkEmptyTexts,
  checkCopies,
  checkColumns,
  checkSizes,
];

/** Looks at the rows that a task would train and test on; what is worst comes first. */
export function checkData(parts: readonly Part[], form: DataForm): Finding[] {
  const missing = [...form.fields, form.label].filter(name =>
    parts.every(({ rows }) => rows.every(row => findValue(row, name) === undefined)),
  );
  if (missing.length > 0) return missing.map(name => ({ severity: 'error', text: `no row has a column "${name}"` }));
  const findings = checks.flatMap(check => check(parts, form));
  return findings.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}
