import { fixturePath } from '../../witness/fixtures.ts';
import { conformance } from '../conformance.ts';

/** Families of encoders by the key of config.json that counts the layers. */
for (const [name, layers] of [
  ['roberta', 'num_hidden_layers'],
  ['xlm-roberta', 'num_hidden_layers'],
  ['distilbert', 'n_layers'],
  ['mpnet', 'num_hidden_layers'],
  ['modernbert', 'num_hidden_layers'],
] as const) {
  conformance({ folder: fixturePath(`tiny-${name}`), outputs: `tiny-${name}.outputs`, layers });
}
