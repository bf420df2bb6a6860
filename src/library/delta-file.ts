import { InputError } from '../core/errors.ts';
import type { Layout } from '../core/program.ts';
import { requireFileAsNoted } from '../files/noted-hashes.ts';
import { withDamageRemedy } from '../files/safetensors.ts';
import { readSafetensors, writeSafetensors } from '../files/safetensors-arrays.ts';
import type { Model } from '../models/model.ts';
import { otherModel } from '../structure/structure-file.ts';

const format = 's3delta-delta-1';

const DAMAGED = 'the file has been damaged: copy the run folder again from where it is whole, or train again';

/**
 * Writes the trained parameters of a run, one tensor a parameter, named `<module id>.<parameter>` or
 * `<head>.<parameter>`.
 */
export async function writeDelta(
  path: string,
  model: Pick<Model, 'name' | 'fingerprint'>,
  layout: Layout,
  delta: Float32Array,
): Promise<void> {
  const tensors = new Map(
    entries(layout).map(({ name, shape, offset, size }) => [name, { data: delta.slice(offset, offset + size), shape }]),
  );
  await writeSafetensors(path, { metadata: { format, model: model.name, fingerprint: model.fingerprint }, tensors });
}

/**
 * Reads them back into one flat vector of the layout.
 * @throws InputError where the file is of another model, is not the one that its run's folder notes (`outcome.json`),
 * or a tensor is missing, of another shape or not finite
 */
export async function readDelta(
  path: string,
  model: Pick<Model, 'name' | 'fingerprint'>,
  layout: Layout,
): Promise<Float32Array> {
  const { metadata, tensors } = await withDamageRemedy(DAMAGED, () => readSafetensors(path));
  await requireFileAsNoted(path);
  if (metadata.fingerprint !== model.fingerprint) {
    throw new InputError(`these parameters were trained on ${otherModel(metadata.model, model.name)}`, {
      code: 'other-model',
      where: path,
      remedy: 'give the --model they were trained on',
    });
  }
  const delta = new Float32Array(layout.size);
  for (const { name, shape, offset } of entries(layout)) {
    const tensor = tensors.get(name);
    if (tensor === undefined || String(tensor.shape) !== String(shape)) {
      const found = tensor === undefined ? 'is missing' : `has shape [${tensor.shape}]`;
      throw new InputError(`tensor ${name} ${found}; [${shape}] is needed`, {
        code: 'wrong-tensor',
        where: path,
        remedy: 'structure.json and delta.safetensors must be of one run: train again',
      });
    }
    // With one of them every answer would be empty.
    if (!tensor.data.every(Number.isFinite)) {
      throw new InputError(`tensor ${name} holds values that are no finite numbers`, {
        code: 'not-finite',
        where: path,
        remedy: 'the file is damaged, or the training has diverged: train again, with a lower --lr if need be',
      });
    }
    delta.set(tensor.data, offset);
  }
  return delta;
}

function entries(layout: Layout) {
  const owners = [
    ...layout.modules.map(({ module, parameters }) => ({ owner: module.id, parameters })),
    ...layout.heads.map(({ name, parameters }) => ({ owner: name, parameters })),
  ];
  return owners.flatMap(({ owner, parameters }) =>
    parameters.map(({ name, ...place }) => ({ name: `${owner}.${name}`, ...place })),
  );
}
