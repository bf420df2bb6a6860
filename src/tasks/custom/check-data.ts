import { type Finding, severities } from '../../core/errors.ts';
import { findValue } from '../../data/rows/row.ts';
import { checkHeader } from './check-header.ts';
import { checkClasses, checkSpellings } from './check-labels.ts';
import { checkSizes } from './check-sizes.ts';
import { checkColumns, checkCopies, checkEmptyTexts } from './check-texts.ts';
import type { DataCheck, DataForm, Part } from './data-check.ts';

const checks: readonly DataCheck[] = [
  checkHeader,
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
