import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { nearestNames } from '../core/checked-values.ts';
import { InputError, throwIfInterrupted } from '../core/errors.ts';
import { findFiles } from '../data/rows/find-files.ts';
import { TOKENIZER_FILES } from '../data/tokenizer/tokenizer.ts';
import { Graph } from '../graph/graph.ts';
import { relu } from '../graph/ops/ops.ts';
import { parseRepository } from '../hub/connection.ts';
import { type DownloadOptions, fetchSnapshot } from '../hub/snapshot.ts';
import { devices } from '../runtime/device.ts';
import { type CompileSettings, createSession, type Session, type SessionSettings } from '../runtime/session.ts';
import { builtInModel, builtInModelNames } from './built-in.ts';
import { type Families, familyIn } from './families.ts';
import { changedModel, type Model, type ModelSketch } from './model.ts';

/** How a model is loaded, and what tells of its download. */
export interface LoadOptions extends CompileSettings, DownloadOptions {
  /** The families there are, by `model_type` (default: those that come with the package). */
  readonly families?: Families;
}

/**
 * Loads a model: the name of a built-in one, a folder as downloaded from the Hub (config.json, weights as safetensors,
 * tokenizer.json or spiece.model), or, where there is no such folder, `org/name` or `org/name@revision` on the Hub,
 * which is downloaded once. InputError where something is missing, damaged or not supported; InterruptedError where the
 * signal has aborted.
 */
export async function loadModel(nameOrFolder: string, options: LoadOptions = {}): Promise<Model> {
  const { onDownload, signal, families, ...settings } = options;
  throwIfInterrupted(signal);
  const { name, folder } = await findModel(nameOrFolder, { onDownload, signal });
  const { family, config } = await familyIn(folder, families);
  throwIfInterrupted(signal);
  const model = keepingDevice(await family.load(name, folder, config, settings), settings);
  throwIfInterrupted(signal);
  return model;
}

/**
 * What `config.json` alone tells of a model, named as for `loadModel`: of one on the Hub no other file is fetched.
 * InputError also where its family cannot be told so.
 */
export async function sketchModel(
  nameOrFolder: string,
  { families, ...options }: DownloadOptions & Pick<LoadOptions, 'families'> = {},
): Promise<ModelSketch & { readonly folder: string }> {
  throwIfInterrupted(options.signal);
  const { name, folder } = await findModel(nameOrFolder, options, paths => onlyConfig(paths, nameOrFolder));
  const { family, config } = await familyIn(folder, families);
  if (family.sketch) return { ...(await family.sketch(name, folder, config)), folder };
  return loadModel(nameOrFolder, { ...options, ...(families && { families }) });
}

/**
 * The folder of a model that `loadModel` takes, downloaded where it is on the Hub. Throws as that does.
 * @param choose of a repository's files, those that are wanted
 */
export async function findModel(
  nameOrFolder: string,
  options: DownloadOptions = {},
  choose = (paths: readonly string[]) => chooseModelFiles(paths, nameOrFolder),
): Promise<{ name: string; folder: string }> {
  const builtIn = builtInModel(nameOrFolder);
  if (builtIn !== undefined) return { name: nameOrFolder, folder: builtIn.folder };
  const folder = resolve(nameOrFolder);
  const isFolder = await stat(folder).then(
    found => found.isDirectory(),
    () => false,
  );
  if (isFolder) return { name: basename(folder), folder };
  const repository = parseRepository(nameOrFolder, 'model');
  if (repository !== undefined) {
    return { name: basename(repository.name), folder: await fetchSnapshot(repository, choose, options) };
  }
  const [nearest] = nearestNames(nameOrFolder, [...builtInModelNames, ...checkpointsHere(), ...hubNames]);
  const question = nearest === undefined ? '' : `did you mean ${whole(nearest)}? `;
  throw new InputError(`no model folder ${nameOrFolder}`, {
    code: 'unknown-model',
    remedy:
      `${question}give a folder with config.json and model.safetensors, org/name of a model on the Hub, ` +
      `or a built-in model: ${builtInModelNames.join(', ')}`,
  });
}

/** Models whose owner is often left out. */
const hubModels = ['google-t5/t5-small', 'google-t5/t5-base', 'google-t5/t5-large', 'google-bert/bert-base-uncased'];
const hubNames = hubModels.map(name => basename(name));
const whole = (name: string) => hubModels.find(model => basename(model) === name) ?? name;

/** Folders with a checkpoint in the working folder. */
function checkpointsHere(): string[] {
  return findFiles('.', '*/config.json').map(path => dirname(path));
}

const CONFIG = 'config.json';
const SMALL_FILES = new Set([...TOKENIZER_FILES, CONFIG, 'generation_config.json']);
const SINGLE_FILE = 'model.safetensors';
const SHARDS = /^model(-\d+-of-\d+\.safetensors|\.safetensors\.index\.json)$/;

function onlyConfig(paths: readonly string[], where: string): readonly string[] {
  if (paths.includes(CONFIG)) return [CONFIG];
  throw new InputError('this repository has no config.json: it is no model of transformers', {
    code: 'unsupported-config',
    where,
    remedy: 'give org/name of a model that has one',
  });
}

/** What is read of a model's repository: the weights once, however many forms they are there in. */
export function chooseModelFiles(paths: readonly string[], where: string): readonly string[] {
  const weights = paths.includes(SINGLE_FILE) ? [SINGLE_FILE] : paths.filter(path => SHARDS.test(path));
  if (weights.length > 0) return [...paths.filter(path => SMALL_FILES.has(path)), ...weights];
  throw new InputError('this repository has no weights as safetensors', {
    code: 'missing-weights',
    where,
    remedy:
      `name a revision that has (${where.split('@')[0]}@refs/pr/N, where somebody has proposed them), ` +
      'or convert them with save_pretrained(folder, safe_serialization=True) and give the folder',
  });
}

/**
 * The model, which from its first program on keeps a device open that would else close with the last session, and
 * forget the kernels it has compiled: the next stage's program would compile them again.
 */
function keepingDevice(model: Model, { device = 'cpu' }: SessionSettings): Model {
  if (!devices[device].forgets) return model;
  let open: Promise<Session> | undefined;
  return changedModel(model, ({ compile }) => ({
    async compile(modules) {
      open ??= smallest({ device });
      await open;
      return compile(modules);
    },
  }));
}

function smallest(settings: SessionSettings): Promise<Session> {
  const graph = new Graph();
  graph.output('y', relu(graph.input('x', 'float32', [1])));
  return createSession(graph, settings);
}
