import type { Layout, Program } from '../core/program.ts';
import type { DeltaModule, Site } from '../core/site.ts';
import type { Tokenizer } from '../data/tokenizer/tokenizer.ts';
import type { Head } from '../deltas/layout.ts';
import type { ProgramGraphs, StandaloneGraphs } from '../runtime/program-graphs.ts';
import type { CompileSettings } from '../runtime/session.ts';
import type { AnswerKind, Codec, CodecOptions, CodedTask } from './codec.ts';
import type { Weights } from './read-weight.ts';

/** A frozen backbone: what any model family gives to the rest of the project. */
export interface Model {
  /** Short name for tables and run folders, e.g. `mini`, `t5-base`. */
  readonly name: string;
  readonly folder: string;
  /** Number of backbone parameters, tied ones counted once: what a budget is a fraction of. */
  readonly parameters: number;
  /**
   * Of config, weight layout and samples of every weight; structures and deltas remember which model they belong to.
   */
  readonly fingerprint: string;
  /** SHA-256 of every file that it was loaded from, by the file's name: what a run was trained on, to the last bit. */
  readonly hashes: Readonly<Record<string, string>>;
  /** What suits its modules where nobody says otherwise; absent where the paper's does. */
  readonly learningRate?: number;
  /** What a user should know, a sentence each: weights that are odd, a trained head that is not made use of. */
  readonly warnings: readonly string[];
  /** Every place where modules can attach, in the order of the forward pass. */
  readonly sites: readonly Site[];
  /** What is trained beside modules, whatever the structure: classifiers. None of it counts against a budget. */
  readonly heads: readonly Head[];
  readonly tokenizer: Tokenizer;
  /**
   * How the model reads a task's examples and answers them.
   * @throws InputError where it cannot: a label that its vocabulary cannot spell, an option that its family does not
   * have
   */
  codec(task: CodedTask, options: CodecOptions): Codec;
  /** Where each weight of the backbone stands; one shared by two sites has one entry. */
  readonly weights: Weights;
  /**
   * The same model made to answer in one way: with the heads for it.
   * @throws InputError where its family cannot
   */
  answering(kind: AnswerKind): Promise<Model>;
  /** The same model made to answer a task, in the way that its codec for the task encodes answers. */
  forTask(task: CodedTask): Promise<Model>;
  /** The flat delta vector of a program with these modules: the modules' parameters, then the heads'. */
  layout(modules: readonly DeltaModule[]): Layout;
  /** The backbone with these modules attached; no modules give the bare backbone. */
  compile(modules: readonly DeltaModule[]): Promise<Program>;
  /** What `compile` would compile, to plan with; `changes` where the model were loaded with other settings. */
  graphs(modules: readonly DeltaModule[], changes?: Pick<CompileSettings, 'recompute' | 'precision'>): ProgramGraphs;
  /**
   * The backbone with these weights and trained modules, to be run without this program: nothing is left to be fed but
   * texts. Absent where the family has no such form. `delta` is in the layout of the modules.
   */
  standalone?(weights: Weights, modules: readonly DeltaModule[], delta: Float32Array): StandaloneGraphs;
}

/** What config.json alone tells of a model: enough to count and to plan with, before its weights are there. */
export type ModelSketch = Pick<Model, 'name' | 'parameters' | 'learningRate' | 'sites' | 'heads' | 'layout' | 'graphs'>;

/** A model family: how a model of it is loaded, and how it reads and answers where its weights are somewhere else. */
export interface Family {
  /**
   * The model in a folder.
   * @param name for tables and run folders
   * @param config config.json, parsed and not checked
   */
  load(name: string, folder: string, config: unknown, settings: CompileSettings): Promise<Model>;
  /** The model in a folder by its config.json; absent where a family cannot tell it so. */
  sketch?(name: string, folder: string, config: unknown): Promise<ModelSketch>;
  /** The codecs of the model in a folder without its weights: as `Model.codec`. */
  openCodecs(folder: string, config: unknown): Promise<Model['codec']>;
}

/** A model with something about it changed, in all that is made of it too. What is made once stays one. */
export function changedModel(model: Model, change: (model: Model) => Partial<Model>): Model {
  const known = new WeakMap<Model, Model>();
  const changed = (of: Model): Model => {
    const made: Model = known.get(of) ?? {
      ...of,
      ...change(of),
      answering: async kind => changed(await of.answering(kind)),
      forTask: async task => changed(await of.forTask(task)),
    };
    known.set(of, made);
    return made;
  };
  return changed(model);
}
