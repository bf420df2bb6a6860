import type { Answering, Layout } from '../core/program.ts';
import type { DeltaModule } from '../core/site.ts';
import { bytesOf, type TensorSource } from '../files/safetensors-arrays.ts';
import type { Model } from '../models/model.ts';
import type { SessionSettings } from '../runtime/session.ts';
import type { ExportDescription, ExportedTask } from './description.ts';

/** What is exported: a backbone, and the modules trained for it. */
interface TrainedModel {
  readonly model: Model;
  /** What the user calls it: a folder, a name on the Hub, a built-in one. */
  readonly source: string;
  readonly modules: readonly DeltaModule[];
  /** Their parameters and those of the heads, flat, in the model's layout of `modules`. */
  readonly delta: Float32Array;
  /** What was trained for. */
  readonly task: ExportedTask;
  /** Forms to write weights in, at least one of the exporter's `dtypes`; none where it has none. */
  readonly dtypes: readonly string[];
}

/** An exported model on the Hub. */
export interface PublishedModel {
  /** `org/name`. */
  readonly repository: string;
  /** Whether it has a classifier, and else writes its answers. */
  readonly classifies: boolean;
  /** The base, as `org/name` or a folder's name. */
  readonly base: string;
}

/** How a program loads a model. */
export interface Usage {
  readonly program: string;
  /** For a block of Markdown. */
  readonly language: string;
  readonly code: string;
}

/** A form in which other programs take a trained model. */
export interface Exporter {
  /** What the folder is good for, in a few words. */
  readonly description: string;
  /** How three programs load a folder of this form from the Hub, for its model card; absent where none does. */
  readonly usage?: (published: PublishedModel) => readonly Usage[];
  /** Forms that weights can be written in, the usual one first; absent where there is one alone. */
  readonly dtypes?: readonly string[];
  /** @throws InputError naming the modules that this form cannot hold, and what to do */
  check(modules: readonly DeltaModule[]): void;
  /**
   * Writes the form's files into an empty folder, and returns what there is to say of them beside the task.
   * @throws InterruptedError where the signal has aborted
   */
  write(
    trained: TrainedModel,
    folder: string,
    signal: AbortSignal | undefined,
  ): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Opens what it has written, to be asked; absent where the folder alone cannot answer. The trained parameters are
   * within: the delta vector that the program is given is empty.
   * @param dtype one of those it was written in (default: the first of them)
   * @throws InputError where files are missing or damaged
   */
  open?(
    folder: string,
    description: ExportDescription,
    settings: SessionSettings,
    dtype?: string,
  ): Promise<InferenceProgram>;
}

/** A program that gives answers and is not trained. */
export type InferenceProgram = Answering & {
  release(): Promise<void>;
};

/** Modules by kind, for messages: `bitfit at decoder.final_layer_norm and 70 more sites; adapter at …`. */
export function namesOf(modules: readonly DeltaModule[]): string {
  return [...Map.groupBy(modules, ({ kind }) => kind)]
    .map(([kind, [first, ...others]]) => {
      const more = others.length === 0 ? '' : ` and ${others.length} more site${others.length === 1 ? '' : 's'}`;
      return `${kind} at ${first!.site.name}${more}`;
    })
    .join('; ');
}

/** The trained heads as tensors, by the names that checkpoints have for them. */
export function headTensors({ heads }: Layout, delta: Float32Array): [string, TensorSource][] {
  return heads.flatMap(({ name, parameters }) =>
    parameters.map(({ name: part, shape, offset, size }): [string, TensorSource] => [
      `${name}.${part}`,
      { dtype: 'F32', shape, bytes: () => bytesOf(delta.subarray(offset, offset + size)) },
    ]),
  );
}
