/** `error`: cannot be trained on; `serious`: most likely a mistake; `warning`: may be meant; `note`: a fact. */
export const severities = ['error', 'serious', 'warning', 'note'] as const;
type Severity = (typeof severities)[number];

/** One thing that the data show. */
export interface Finding {
  readonly severity: Severity;
  /** In a sentence, with what to do about it. */
  readonly text: string;
}

/** A finding as a sentence among others: a mistake says that it is one. */
export function findingInWords({ severity, text }: Finding): string {
  return severity === 'serious' ? `most likely a mistake: ${text}` : text;
}

/** Those that are more than facts, as such sentences. */
export function doubtsInWords(findings: readonly Finding[]): string[] {
  return findings.filter(({ severity }) => severity !== 'note').map(findingInWords);
}
