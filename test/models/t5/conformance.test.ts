import { fixturePath } from '../../witness/fixtures.ts';
import { conformance } from '../conformance.ts';

conformance({
  folder: fixturePath('tiny-t5'),
  outputs: 'tiny-t5.outputs',
  layers: 'num_layers',
  unread: ['decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight'],
  kinks: true,
});

conformance({
  folder: fixturePath('tiny-t5-v1_1'),
  outputs: 'tiny-t5-v1_1.outputs',
  layers: 'num_layers',
  // Copies of the shared embedding.
  unread: ['encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'],
});

// The rest of the family: sentinels among its pieces, positions by layer, bytes; fewer layers on one side.
for (const name of ['tiny-mt5', 'tiny-umt5', 'tiny-byt5']) {
  conformance({
    folder: fixturePath(name),
    outputs: `${name}.outputs`,
    layers: 'num_layers',
    unread: ['encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'],
  });
}
