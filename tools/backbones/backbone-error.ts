/**
 * A model cannot be had: what is wrong, where, and what helps. This tool's own, since the errors of the program and
 * their codes are what its users are promised.
 */
export class BackboneError extends Error {
  readonly remedy: string | undefined;

  constructor(what: string, details: { where?: string; remedy?: string; cause?: unknown } = {}) {
    super(details.where === undefined ? what : `${details.where}: ${what}`, { cause: details.cause });
    this.name = 'BackboneError';
    this.remedy = details.remedy;
  }

  /** As the command line prints it. */
  get lines(): string[] {
    return [`error: ${this.message}`, ...(this.remedy === undefined ? [] : [`→ ${this.remedy}`])];
  }
}
