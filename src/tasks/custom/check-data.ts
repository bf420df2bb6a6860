import { type Finding, severities } from '../../core/errors.ts';
import { findValue } from '../../data/rows/row.ts';
import { fillFromWhatIsThere } from '../splits.ts';
import { type DataCheck, type DataForm, type Part, rowCount } from './data-check.ts';
import { checkClasses, checkColumns, checkCopies, checkEmptyTexts, checkHeader, checkSpellings } from './row-checks.ts';

/** Points of a score that are told as too many to be unsure of. */
const coarse = 5;

/** How many rows there are. */
const checkSizes: DataCheck = parts => {
  const sets = setSizes(parts);
  const files = parts.map(({ name, rows }) => `${name} ${rows.length.toLocaleString('en-US')}`).join(', ');
  const drawn = (['train', 'validation', 'test'] as const).map(name => `${name} ${sets[name].toLocaleString('en-US')}`);
  const text = `rows of the files: ${files}; of the sets that a run makes of them: ${drawn.join(', ')}`;
  const findings: Finding[] = [{ severity: 'note', text }];
  const empty = (['train', 'validation', 'test'] as const).find(name => sets[name] === 0);
  if (empty !== undefined) {
    return [...findings, { severity: 'error', text: `no row is left for the ${empty} set: give more rows` }];
  }
  return findings;
};

/** Whether so many test rows are enough to tell one method from another. */
function checkTestRows(rows: number, { numbers }: Pick<DataForm, 'numbers'>): Finding[] {
  const points = uncertainty(numbers, rows);
  if (rows === 0 || points <= coarse) return [];
  const size = `the test set has ${rowCount(rows)}: a score may be off by ${Math.round(points)} points either way`;
  return [{ severity: 'warning', text: `${size}, and methods nearer than that cannot be told apart` }];
}

/**
 * Points of the half of a 95 % interval at its widest: of a share half of which is right, of a correlation near none.
 */
function uncertainty(isCorrelation: boolean, rows: number): number {
  return Math.min(100, (isCorrelation ? 196 : 98) / Math.sqrt(rows));
}

/** How many rows the sets of a run get. */
function setSizes(parts: readonly Part[]): { train: number; validation: number; test: number } {
  const examples = (name: Part['name']) =>
    parts.find(part => part.name === name)?.rows.map(({ line }) => ({ input: [], output: { text: '' }, line }));
  const [validation, test] = [examples('validation'), examples('test')];
  const { train, ...others } = fillFromWhatIsThere(
    { train: examples('train') ?? [], ...(validation && { validation }), ...(test && { test }) },
    0,
  );
  return { train: train.length, validation: others.validation.length, test: others.test.length };
}

const checks: readonly DataCheck[] = [
  checkHeader,
  checkClasses,
  checkSpellings,
  checkEmptyTexts,
  checkCopies,
  checkColumns,
  checkSizes,
];

/** Looks at the files of a task; what is worst comes first. */
export function checkData(parts: readonly Part[], form: DataForm): Finding[] {
  return withTestRows(checkRows(parts, form), setSizes(parts).test, form);
}

/** What the rows show, whatever share of them a run is to be tested on; what is worst comes first. */
export function checkRows(parts: readonly Part[], form: DataForm): Finding[] {
  const missing = [...form.fields, form.label].filter(name =>
    parts.every(({ rows }) => rows.every(row => findValue(row, name) === undefined)),
  );
  if (missing.length > 0) return missing.map(name => ({ severity: 'error', text: `no row has a column "${name}"` }));
  return worstFirst(checks.flatMap(check => check(parts, form)));
}

/** With what so many test rows can tell. */
export function withTestRows(findings: readonly Finding[], rows: number, form: Pick<DataForm, 'numbers'>): Finding[] {
  return worstFirst([...findings, ...checkTestRows(rows, form)]);
}

const worstFirst = (findings: readonly Finding[]) =>
  findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
