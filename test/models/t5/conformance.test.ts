import { fixturePath } from '../../witness/fixtures.ts';
import { conformance } from '../conformance.ts';

for (const name of ['tiny-t5', 'tiny-t5-v1_1']) {
  conformance({ folder: fixturePath(name), outputs: `${name}.outputs`, layers: 'num_layers' });
}
