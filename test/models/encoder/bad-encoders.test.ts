import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import type { ErrorCode } from '../../../src/core/error-codes.ts';
import { InputError } from '../../../src/core/errors.ts';
import { parseDistilBertConfig } from '../../../src/models/distilbert/distilbert.ts';
import { loadModel } from '../../../src/models/load-model.ts';
import { parseModernBertConfig } from '../../../src/models/modernbert/modernbert.ts';
import { parseMpnetConfig } from '../../../src/models/mpnet/mpnet.ts';
import { parseRobertaConfig } from '../../../src/models/roberta/roberta.ts';
import { fixturePath } from '../../witness/fixtures.ts';

const scratch = await mkdtemp(join(tmpdir(), 's3delta-bad-encoders-'));
after(() => rm(scratch, { recursive: true }));

/** A copy of a tiny encoder with something done to it. */
async function damaged(name: string, damage: (folder: string) => Promise<void>): Promise<string> {
  const folder = await mkdtemp(join(scratch, `${name}-`));
  await cp(fixturePath(`tiny-${name}`), folder, { recursive: true });
  await damage(folder);
  return folder;
}

const edited = (name: string, change: object) =>
  damaged(name, async folder => {
    const file = join(folder, 'config.json');
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change }));
  });

/** What an error that a user can mend says: its code, what is wrong, the place, and what to do. */
async function refused(attempt: Promise<unknown>, code: ErrorCode, ...said: readonly RegExp[]): Promise<void> {
  await assert.rejects(attempt, (error: unknown) => {
    assert.ok(error instanceof InputError, String(error));
    assert.equal(error.code, code);
    for (const expected of said) assert.match(`${error.message} → ${error.remedy}`, expected);
    return true;
  });
}

const load = (folder: string) => loadModel(folder, { threads: 1 });

it('a family that is not supported is named, with the list and the nearest', async () => {
  const folder = await edited('roberta', { model_type: 'camembert' });
  await refused(load(folder), 'unknown-family', /config\.json: the model family is camembert/, /t5, bert, roberta/);
  const near = await edited('roberta', { model_type: 'xlm-roberta-xl' });
  await refused(load(near), 'unknown-family', /the nearest is xlm-roberta/);
});

it('a folder without a tokenizer says which files belong there', async () => {
  const folder = await damaged('mpnet', copy => rm(join(copy, 'tokenizer.json')));
  await refused(load(folder), 'missing-tokenizer', /no tokenizer/, /vocab\.txt/);
});

it('a vocabulary larger than its embedding, and a table of other positions, are refused with both numbers', async () => {
  const folder = await damaged('distilbert', async copy => {
    const file = join(copy, 'tokenizer.json');
    const json = JSON.parse(await readFile(file, 'utf8')) as { model: { vocab: Record<string, number> } };
    for (let i = 300; i < 400; i++) json.model.vocab[`more${i}`] = i;
    await writeFile(file, JSON.stringify(json));
  });
  await refused(load(folder), 'vocabulary-mismatch', /400 pieces/, /only 304/);
  const fewer = await edited('roberta', { max_position_embeddings: 40 });
  await refused(load(fewer), 'wrong-tensor', /position_embeddings\.weight is \[66,32\]/, /\[40,32\]/);
});

it('a trained head of another number of classes than its config names is refused with both', async () => {
  const folder = await edited('roberta', { id2label: { 0: 'a', 1: 'b' } });
  await refused(
    load(folder),
    'unsupported-config',
    /id2label: 2 classes, and classifier\.out_proj\.weight has rows for 3/,
  );
});

it('a text longer than the positions is cut by the codec, with a count, and refused where ids are given', async () => {
  for (const [name, longest] of [
    ['bert', 64],
    // Their tables begin behind the padding's row.
    ['roberta', 64],
    ['mpnet', 64],
    ['modernbert', 64],
  ] as const) {
    const model = await load(fixturePath(`tiny-${name}`));
    const { read } = model.codec({ labels: ['a', 'b'] }, { maxLength: 5000 });
    const { input, cut } = read([{ text: 'x y '.repeat(300) }]);
    assert.equal(input.ids.length, longest, name);
    assert.ok(cut > 500, `${cut}`);
    const program = await model.compile([]);
    const delta = program.initialDelta(0);
    assert.ok(Number.isFinite(await program.loss([{ input, output: { class: 0 } }], delta)));
    const long = { input: { ids: [...input.ids, 7] }, output: { class: 0 } };
    await refused(program.loss([long], delta), 'no-room-for-text', /65 tokens, and 64 positions/);
    await program.release();
  }
});

it('weights that are no numbers are refused, with the file and the tensors', async () => {
  const folder = await damaged('roberta', async copy => {
    const file = join(copy, 'model.safetensors');
    const bytes = await readFile(file);
    bytes.fill(0xff, bytes.length - 40_000, bytes.length - 20_000);
    await writeFile(file, bytes);
  });
  await refused(load(folder), 'not-finite', /model\.safetensors: numbers that are not finite/, /download it again/);
});

it('an answer that is none of the choices is refused, not taken for another', async () => {
  const model = await load(fixturePath('tiny-bert'));
  const codec = model.codec({ choices: true }, { maxLength: 20 });
  const reading = codec.read([{ text: 'why' }, { text: 'x', choice: true }, { text: 'y', choice: true }]);
  assert.throws(() => codec.encode({ text: 'z' }, reading), /the answer "z" is none of the choices/);
});

const common = { vocab_size: 90, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 };

it('configs that would compute something else are refused by their key', () => {
  const [post, distil] = [
    { ...common, max_position_embeddings: 20 },
    { vocab_size: 90, dim: 8, hidden_dim: 8, n_layers: 1, n_heads: 2 },
  ];
  for (const [parse, whole, change, message] of [
    [parseRobertaConfig, post, { is_decoder: true }, /is_decoder/],
    [parseRobertaConfig, post, { position_embedding_type: 'relative_key' }, /position_embedding_type/],
    [parseMpnetConfig, post, { relative_attention_num_buckets: 16 }, /relative_attention_num_buckets/],
    [parseMpnetConfig, post, { pad_token_id: 0 }, /pad_token_id/],
    [parseDistilBertConfig, distil, { n_heads: 3 }, /n_heads: 3 do not divide a dim of 8/],
    [parseDistilBertConfig, distil, { pad_token_id: 90 }, /outside the vocabulary of 90/],
    [parseModernBertConfig, { ...common, pad_token_id: 3 }, { layer_types: [] }, /layer_types: 0 for/],
    [parseModernBertConfig, { ...common, pad_token_id: 3 }, { rope_scaling: { factor: 2 } }, /rope_scaling/],
  ] as const) {
    assert.doesNotThrow(() => parse(whole, 'config.json'));
    assert.throws(() => parse({ ...whole, ...change }, 'config.json'), message);
  }
});

it('no positions but the padding’s are no room for a text', async () => {
  await refused(
    load(await edited('roberta', { max_position_embeddings: 3 })),
    'unsupported-config',
    /texts of 1 tokens/,
  );
});

it('a ModernBERT says its layers and turns in two forms of config.json', () => {
  const old = { ...common, num_hidden_layers: 3, pad_token_id: 3, global_attn_every_n_layers: 2, local_rope_theta: 5 };
  const recent = {
    ...{ ...common, num_hidden_layers: 3, pad_token_id: 3 },
    layer_types: ['full_attention', 'sliding_attention', 'full_attention'],
    rope_parameters: {
      full_attention: { rope_type: 'default', rope_theta: 160_000 },
      sliding_attention: { rope_type: 'default', rope_theta: 5 },
    },
  };
  assert.deepEqual(parseModernBertConfig(old, 'config.json'), parseModernBertConfig(recent, 'config.json'));
});
