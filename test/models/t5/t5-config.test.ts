import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InputError } from '../../../src/core/errors.ts';
import { weightShape } from '../../../src/core/site.ts';
import { relativeBuckets, relativePositionBucket } from '../../../src/models/kit/positions.ts';
import { MT5, parseT5Config, T5, t5Sites, UMT5 } from '../../../src/models/t5/t5-checkpoint.ts';
import { listSpace } from '../../../src/structure/spaces.ts';

const SIZES = {
  't5-small': { d_model: 512, d_ff: 2048, num_heads: 8, num_layers: 6, parameters: 60_506_624 },
  't5-base': { d_model: 768, d_ff: 3072, num_heads: 12, num_layers: 12, parameters: 222_903_552 },
  't5-large': { d_model: 1024, d_ff: 4096, num_heads: 16, num_layers: 24, parameters: 737_668_096 },
};
const config = (size: keyof typeof SIZES, extra: object = {}) =>
  parseT5Config({ vocab_size: 32128, d_kv: 64, ...SIZES[size], ...extra }, 'config.json');

const gated = { feed_forward_proj: 'gated-gelu', tie_word_embeddings: false };

describe('a T5 config', () => {
  it('has v1.0’s values where an old checkpoint names none', () => {
    const { decoderLayers, activation, gated, tied, numBuckets, maxDistance, layerNormEpsilon } = config('t5-base');
    assert.deepEqual(
      [decoderLayers, activation, gated, tied, numBuckets, maxDistance, layerNormEpsilon],
      [12, 'relu', false, true, 32, 128, 1e-6],
    );
  });

  it('reads v1.1: gated gelu, untied, its own number of decoder layers', () => {
    const v11 = config('t5-small', { ...gated, num_decoder_layers: 3 });
    assert.deepEqual([v11.decoderLayers, v11.activation, v11.gated, v11.tied], [3, 'gelu', true, false]);
  });

  it('is gated in mT5 and umT5 where it says nothing, and mT5 has a projection of its own whatever it says', () => {
    const sizes = { vocab_size: 100, d_kv: 8, ...SIZES['t5-small'] };
    const of = (variant: typeof T5, tied: boolean) => {
      const read = parseT5Config({ ...sizes, tie_word_embeddings: tied }, 'config.json', variant);
      return [read.gated, read.activation, read.tied, read.biasPerLayer];
    };
    assert.deepEqual(of(MT5, true), [true, 'gelu', false, undefined]);
    assert.deepEqual(of(UMT5, true), [true, 'gelu', true, true]);
    assert.deepEqual(of(UMT5, false), [true, 'gelu', false, true]);
    assert.throws(() => parseT5Config({ ...sizes, d_kv: 0 }, 'config.json', MT5), { remedy: /the mT5 checkpoint/ });
  });

  it('may name the activation that its feed-forward implies', () => {
    assert.equal(config('t5-base', { dense_act_fn: 'relu' }).activation, 'relu');
    assert.equal(config('t5-base', { feed_forward_proj: 'gated-relu', dense_act_fn: 'relu' }).activation, 'relu');
    assert.equal(config('t5-base', { ...gated, dense_act_fn: 'gelu_new' }).activation, 'gelu');
    assert.equal(config('t5-base', { ...gated, dense_act_fn: 'gelu_pytorch_tanh' }).activation, 'gelu');
    assert.equal(config('t5-base', { ...gated, dense_act_fn: null }).activation, 'gelu');
  });

  it('is refused with the key that is wrong', () => {
    for (const [extra, message] of [
      [{ d_model: 0 }, /config\.json: d_model/],
      [{ num_heads: undefined }, /num_heads/],
      [{ feed_forward_proj: 'gated-silu' }, /feed_forward_proj/],
      [{ dense_act_fn: 'silu' }, /dense_act_fn: silu is not the activation of feed_forward_proj relu/],
      [{ ...gated, dense_act_fn: 'gelu' }, /dense_act_fn: gelu is not .* gated-gelu, which is gelu_new/],
      [{ num_layers: 4294967296 }, /num_layers/],
      [{ num_decoder_layers: 1e9 }, /num_decoder_layers/],
      [{ relative_attention_max_distance: 1e9 }, /relative_attention_max_distance/],
      [{ eos_token_id: 32128 }, /eos_token_id: 32128 is outside/],
      [{ decoder_start_token_id: 99999 }, /decoder_start_token_id/],
      [{ relative_attention_max_distance: 16 }, /relative_attention_num_buckets/],
      [{ relative_attention_num_buckets: 2 }, /relative_attention_num_buckets/],
    ] as const) {
      assert.throws(
        () => config('t5-base', extra),
        (error: unknown) => error instanceof InputError && message.test(error.message),
      );
    }
  });
});

describe('the sites of a T5', () => {
  for (const size of Object.keys(SIZES) as (keyof typeof SIZES)[]) {
    it(`hold all parameters of ${size}`, () => {
      const owned = t5Sites(config(size)).filter(({ host, weightIsShared }) => host !== 'block' && !weightIsShared);
      const parameters = owned.map(site => weightShape(site).reduce((a, b) => a * b, 1)).reduce((a, b) => a + b);
      assert.equal(parameters, SIZES[size].parameters);
    });
  }

  // As transformers counts them from their public configs, the projection of its own that each checkpoint holds included.
  for (const [name, variant, words, layers, width, inner, heads, parameters] of [
    ['mt5-small', MT5, 250112, [8, 8], 512, 1024, 6, 300_176_768],
    ['mt5-base', MT5, 250112, [12, 12], 768, 2048, 12, 582_401_280],
    ['mt5-xxl', MT5, 250112, [24, 24], 4096, 10240, 64, 12_921_057_280],
    ['umt5-small', UMT5, 256384, [8, 8], 512, 1024, 6, 306_601_984],
    ['umt5-base', UMT5, 256384, [12, 12], 768, 2048, 12, 592_043_520],
    ['umt5-xxl', UMT5, 256384, [24, 24], 4096, 10240, 64, 12_972_531_712],
    ['byt5-small', T5, 384, [12, 4], 1472, 3584, 6, 299_637_760],
    ['byt5-large', T5, 384, [36, 12], 1536, 3840, 16, 1_228_183_552],
  ] as const) {
    it(`hold all parameters of ${name}`, () => {
      const [num_layers, num_decoder_layers] = layers;
      const sizes = { vocab_size: words, d_model: width, d_kv: 64, d_ff: inner, num_heads: heads };
      const family = parseT5Config({ ...sizes, num_layers, num_decoder_layers, ...gated }, 'config.json', variant);
      const owned = t5Sites(family).filter(({ host, weightIsShared }) => host !== 'block' && !weightIsShared);
      assert.equal(
        owned.map(site => weightShape(site).reduce((a, b) => a * b, 1)).reduce((a, b) => a + b),
        parameters,
      );
    });
  }

  it('give the paper’s search spaces on T5-large, counted from its config alone', () => {
    const sites = t5Sites(config('t5-large'));
    const mixed = listSpace(sites, 'mixed');
    const count = (kind: string, host: string) =>
      mixed.filter(module => module.kind === kind && module.site.host === host).length;
    assert.equal(mixed.length, 916);
    assert.deepEqual(
      [
        count('lora', 'linear'),
        count('bitfit', 'linear'),
        count('lnfit', 'norm'),
        count('bitfit', 'norm'),
        count('low-rank-adapter', 'block'),
      ],
      [288, 288, 122, 122, 96],
    );
    assert.equal(mixed.filter(({ inert }) => inert).length, 48);
    assert.equal(listSpace(sites, 'lora').length, 288);
    assert.ok(!mixed.some(({ site }) => site.name.includes('EncDecAttention.')));
  });

  it('give 1,012 and 336 modules on T5 v1.1 large', () => {
    const sites = t5Sites(config('t5-large', gated));
    assert.deepEqual([listSpace(sites, 'mixed').length, listSpace(sites, 'lora').length], [1012, 336]);
  });

  it('have unique names', () => {
    const names = t5Sites(config('t5-small')).map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });
});

describe('relative position buckets', () => {
  const bidirectional = (position: number) => relativePositionBucket(position, true, 32, 128);
  const causal = (position: number) => relativePositionBucket(position, false, 32, 128);

  it('are exact near, logarithmic far, and end at the largest distance', () => {
    assert.deepEqual([0, -1, -7, 1, 7].map(bidirectional), [0, 1, 7, 17, 23]);
    assert.deepEqual([-8, -11, -12, -16, -127, -128, -5000].map(bidirectional), [8, 8, 9, 10, 15, 15, 15]);
    assert.deepEqual([8, 5000].map(bidirectional), [24, 31]);
    assert.deepEqual([3, 0, -15, -16, -128].map(causal), [0, 0, 15, 16, 31]);
  });

  it('never fall as distance grows', () => {
    for (let distance = 1; distance < 400; distance++) {
      assert.ok(bidirectional(-distance) >= bidirectional(1 - distance));
      assert.ok(causal(-distance) >= causal(1 - distance));
    }
  });
});

it('the buckets of all pairs are those of each pair, also beyond the largest distance', () => {
  const near = config('t5-small', { relative_attention_max_distance: 20 });
  for (const bidirectional of [true, false]) {
    const buckets = relativeBuckets(50, bidirectional, near);
    for (let query = 0; query < 50; query++) {
      for (let key = 0; key < 50; key++) {
        const bucket = relativePositionBucket(key - query, bidirectional, near.numBuckets, 20);
        assert.equal(buckets[query * 50 + key], bucket, `${key} − ${query}`);
      }
    }
  }
});
