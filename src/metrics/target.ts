/** What is right for one example: a text, or any of several texts. */
export type Target = string | TargetSet;

/** What counts as right for one example, where that is more than one answer. */
export interface TargetSet {
  /** Every right answer, at least one. */
  readonly answers: readonly string[];
  /** Examples of one group are judged together where a metric asks for it (MultiRC: the answers to one question). */
  readonly group?: string | undefined;
}

/** Every right answer. */
export function answersOf(target: Target): readonly string[] {
  return typeof target === 'string' ? [target] : target.answers;
}

/** The right answer, for a metric that knows of one only. @throws RangeError where there are several */
export function onlyAnswer(target: Target): string {
  const [answer, ...others] = answersOf(target);
  if (answer === undefined || others.length > 0) throw new RangeError('this metric needs one right answer an example');
  return answer;
}
