/**
 * A mistake in what the user gave: a flag, a file, a value. Carries everything a person needs to mend it.
 * The command line prints it without a stack trace and ends with exit code 2.
 */
export class InputError extends Error {
  /** The exact edit that mends it, in words. */
  readonly remedy: string | undefined;
  /** Where it stands: a file, a line, a key. */
  readonly where: string | undefined;

  constructor(what: string, details: { remedy?: string; where?: string; cause?: unknown } = {}) {
    super(details.where ? `${details.where}: ${what}` : what, { cause: details.cause });
    this.name = 'InputError';
    this.remedy = details.remedy;
    this.where = details.where;
  }
}

/** A training whose loss or gradient is no finite number any more: its learning rate is too high. */
export class DivergedError extends InputError {}

/** A run that was asked to stop and has saved its state. The command line ends with exit code 130. */
export class InterruptedError extends Error {
  constructor(message = 'interrupted') {
    super(message);
    this.name = 'InterruptedError';
  }
}
