import { makeSite, type Place, type Site } from '../../../src/core/site.ts';
import type { ToyConfig } from './toy-config.ts';

/** Every place where modules can attach, in the order of the forward pass. All linear maps and norms have biases. */
export function toySites(config: ToyConfig): Site[] {
  const { vocab_size, max_positions, hidden_size: width } = config;
  const first: Place = { stack: 'encoder', layer: 0 };
  return [
    makeSite('embeddings.tokens', 'embedding', first, [vocab_size, width]),
    makeSite('embeddings.positions', 'embedding.position', first, [max_positions, width]),
    makeSite('embeddings.norm', 'embedding.norm', first, [width, width], { hasBias: true }),
    ...Array.from({ length: config.num_layers }, (_, layer) => layerSites(config, layer)).flat(),
  ];
}

function layerSites({ hidden_size: width, intermediate_size: inner }: ToyConfig, layer: number): Site[] {
  const place: Place = { stack: 'encoder', layer };
  const [attention, feedForward] = [`layers.${layer}.attention`, `layers.${layer}.feed_forward`];
  return [
    makeSite(attention, 'self-attention', place, [width, width]),
    ...(['query', 'key', 'value', 'output'] as const).map(part =>
      makeSite(`${attention}.${part}`, `self-attention.${part}`, place, [width, width], {
        hasBias: true,
        biasIsInert: part === 'key',
      }),
    ),
    makeSite(`${attention}.norm`, 'self-attention.norm', place, [width, width], { hasBias: true }),
    makeSite(feedForward, 'feed-forward', place, [width, width]),
    makeSite(`${feedForward}.in`, 'feed-forward.in', place, [width, inner], { hasBias: true }),
    makeSite(`${feedForward}.out`, 'feed-forward.out', place, [inner, width], { hasBias: true }),
    makeSite(`${feedForward}.norm`, 'feed-forward.norm', place, [width, width], { hasBias: true }),
  ];
}
