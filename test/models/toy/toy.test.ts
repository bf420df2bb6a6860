import { fixturePath } from '../../witness/fixtures.ts';
import { conformance } from '../conformance.ts';
import { toy } from './toy-family.ts';

const options = { families: { toy } };

for (const [name, folder, answers] of [
  ['class', 'toy', undefined],
  ['number', 'toy-one', { kind: 'number' }],
  ['choice', 'toy-one', { kind: 'choice' }],
] as const) {
  conformance({
    folder: fixturePath(folder),
    outputs: `toy.${name}.outputs`,
    layers: 'num_layers',
    options,
    ...(answers && { answers }),
  });
}
