import type { ErrorCode } from './error-codes.ts';
import { shortened, visible } from './format.ts';

/** Characters of a message or a remedy: a page of text hides what is wrong, also where it quotes a whole file. */
const MOST = 2000;
const readable = (text: string) => visible(shortened(text, MOST));

/** What an InputError says beside what is wrong. */
export interface InputErrorDetails {
  readonly code: ErrorCode;
  readonly remedy?: string | undefined;
  readonly where?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A mistake in what the user gave: a flag, a file, a value. Carries everything a person needs to mend it.
 * The command line prints it without a stack trace and ends with exit code 2.
 */
export class InputError extends Error {
  /** Which kind of mistake it is: stable, for scripts. */
  readonly code: ErrorCode;
  /** What is wrong, without the place. */
  readonly what: string;
  /** The exact edit that mends it, in words. */
  readonly remedy: string | undefined;
  /** Where it stands: a file, a line, a key. */
  readonly where: string | undefined;

  /** Made of what is wrong, in a few words without the place, and of the rest in parts. */
  constructor(what: string, details: InputErrorDetails) {
    super(readable(details.where ? `${details.where}: ${what}` : what), { cause: details.cause });
    this.name = 'InputError';
    this.code = details.code;
    this.what = readable(what);
    this.remedy = details.remedy && readable(details.remedy);
    this.where = details.where;
  }
}

/** Does something with what stands at a place, which an InputError that names another or none then names. */
export function atPlace<T>(where: string | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError) || where === undefined) throw error;
    throw new InputError(error.message, { code: error.code, where, remedy: error.remedy, cause: error });
  }
}

/** A training whose loss or gradient is no finite number any more: its learning rate is too high. */
export class DivergedError extends InputError {}

/** Why a signal was aborted: who asks to stop. Named as the platform's own reason is. */
export class StopRequest extends Error {
  readonly by: string;

  constructor(by: string) {
    super(`asked to stop by ${by}`);
    this.name = 'AbortError';
    this.by = by;
  }
}

/** Who has aborted the signal, where it was said. */
export function stoppedBy(signal: AbortSignal | undefined): string | undefined {
  return signal?.reason instanceof StopRequest ? signal.reason.by : undefined;
}

/** A run that was asked to stop and has saved its state. The command line ends as by the signal that asked. */
export class InterruptedError extends Error {
  /** Made of what to tell the user, who asked for it. */
  constructor(message = 'interrupted') {
    super(message);
    this.name = 'InterruptedError';
  }
}

/** @throws InterruptedError where the signal has aborted */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new InterruptedError();
}

/**
 * The machine refused to write: the disk is full, gone or read-only. What was written before is whole, and a run goes
 * on from it once there is room. No mistake in what was given: the command line prints it without a stack trace and
 * ends with exit code 1.
 */
export class StorageError extends Error {
  /** What was refused, without the place. */
  readonly what: string;
  readonly remedy: string;
  /** The file that could not be written. */
  readonly where: string;
  /** The system's own word for it, `ENOSPC` for example. */
  readonly code: string;

  /** Made of what is wrong, in a few words without the path, and of the rest in parts. */
  constructor(what: string, details: { remedy: string; where: string; code: string; cause?: unknown }) {
    super(readable(`${details.where}: ${what}`), { cause: details.cause });
    this.name = 'StorageError';
    this.what = readable(what);
    this.remedy = readable(details.remedy);
    this.where = details.where;
    this.code = details.code;
  }
}

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
