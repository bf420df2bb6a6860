import type { Finding } from '../../core/errors.ts';
import type { Row } from '../../data/rows/row.ts';

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
  /** Where each of these labels stands in a task file, where there is one. */
  readonly labelPlaces?: ReadonlyMap<string, string>;
  /** Whether answers are compared as numbers. */
  readonly numbers: boolean;
}

/** Looks at rows from one side. */
export type DataCheck = (parts: readonly Part[], form: DataForm) => readonly Finding[];
