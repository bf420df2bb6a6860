import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSettings } from '../../src/config/parse-settings.ts';
import { settingKeys, settingsSchema } from '../../src/config/settings.ts';
import { InputError } from '../../src/core/errors.ts';
import { spaces } from '../../src/structure/spaces.ts';

const parse = (values: unknown) => parseSettings(values, key => `file:${key}`);

test('values come as text from flags and as numbers from YAML, and mean the same', () => {
  assert.deepEqual(parse({ seed: '3', lr: '3e-4', budget: '5000' }), parse({ seed: 3, lr: 3e-4, budget: 5000 }));
  assert.deepEqual(parse({ seed: '3' }), { seed: 3 });
});

test('an unknown key is refused with the nearest name and where it stands', () => {
  assert.throws(
    () => parse({ budgte: '1bp' }),
    (error: InputError) =>
      error instanceof InputError &&
      /budgte/.test(error.message) &&
      /budget/.test(error.remedy!) &&
      error.where === 'file:budgte',
  );
});

const impossible: readonly (readonly [string, unknown, RegExp])[] = [
  ['epochs', '0', /above 0/],
  ['epochs', '1.5', /whole number/],
  ['epochs', 'many', /number/],
  ['search-steps', 'abc', /^give auto or a number$/],
  ['search-steps', 'Auto', /^did you mean `auto`\? give auto or a number$/],
  ['search-steps', '1.5', /^give auto or a whole number$/],
  ['search-steps', '0', /above 0/],
  ['budget', true, /^give a text or a number$/],
  ['seed', '-1', /not below 0/],
  ['threads', '100000', /not above 1024/],
  ['lr', '0', /above 0/],
  ['order', 'third', /first, one-sided, second/],
  ['objective', 'l1', /budget, l0/],
  ['gates', 'open', /soft, hard/],
  ['stretch-low', '0', /below 0/],
  ['stretch-high', '1', /above 1/],
  ['l0-weight', '0', /above 0/],
  ['space', 'all', new RegExp(`^give one of ${Object.keys(spaces).join(', ')}$`)],
  ['space', 'mixd', new RegExp(`^did you mean \`mixed\`\\? give one of ${Object.keys(spaces).join(', ')}$`)],
  ['device', 'tpu', /auto, cpu, webgpu, cuda/],
  ['keep-inert', 'perhaps', /true or false/],
  ['task', '', /text/],
  ['task', ['a'], /text/],
];
for (const [key, value, remedy] of impossible) {
  test(`${key}: ${JSON.stringify(value)} is refused, and the remedy says what would do`, () => {
    assert.throws(
      () => parse({ [key]: value }),
      (error: InputError) => error instanceof InputError && remedy.test(error.remedy!) && error.message.includes(key),
    );
  });
}

for (const content of ['text', 3, ['task'], null]) {
  test(`a config file that is ${JSON.stringify(content)} is refused`, () => {
    assert.throws(() => parse(content), InputError);
  });
}

test('every key is optional and is explained', () => {
  assert.deepEqual(parse({}), {});
  for (const key of settingKeys) {
    assert.ok((settingsSchema.shape[key].meta()?.description ?? '').length > 10, key);
  }
});
