import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtIn, extend } from '../../src/catalogue/catalogue.ts';
import { openPlugins } from '../../src/catalogue/open-plugins.ts';
import { definePlugin, type Plugin } from '../../src/catalogue/plugin.ts';
import { parseSettings } from '../../src/config/parse-settings.ts';
import { InputError } from '../../src/core/errors.ts';
import { metrics } from '../../src/metrics/metrics.ts';

const half = { half: () => 50 };
const folder = mkdtempSync(join(tmpdir(), 's3delta-plugins-'));

function refused(work: () => unknown, what: RegExp, remedy: RegExp): void {
  assert.throws(work, (error: unknown) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, what);
    assert.match(error.remedy ?? '', remedy);
    return true;
  });
}

test('a catalogue is extended to a new one; the package’s own stays as it is', () => {
  const plugin = definePlugin({ name: 'mine', metrics: half });
  const known = extend(builtIn, [plugin]);
  assert.equal(known.metrics.half!([], [], undefined), 50);
  assert.equal(known.metrics.accuracy, metrics.accuracy);
  assert.ok(!('half' in builtIn.metrics) && builtIn.plugins.length === 0);
  assert.equal(extend(known, [plugin]), known, 'what is there already changes nothing');
});

test('a kind of delta says which plugin brings it', () => {
  const { lora } = builtIn.deltas;
  const known = extend(builtIn, [{ name: 'mine', deltas: [{ ...lora!, kind: 'thin' }] }]);
  assert.equal(known.deltas.thin!.plugin, 'mine');
  assert.equal(lora!.plugin, undefined);
});

test('names that there are already are refused, with whose they are', () => {
  const [strategy] = builtIn.strategies;
  const clash = (plugin: Plugin, what: RegExp) => refused(() => extend(builtIn, [plugin]), what, /another name/);
  clash({ name: 'mine', metrics: { f1: () => 0 } }, /brings the metric `f1`, and s3delta has one/);
  clash({ name: 'mine', deltas: [builtIn.deltas.lora!] }, /the delta `lora`/);
  clash({ name: 'mine', strategies: [{ ...strategy!, name: 'lnfit' }] }, /the strategy `lnfit`/);
  clash({ name: 'mine', strategies: [1, 2].map(() => ({ ...strategy!, name: 'new' })) }, /twice/);
  const before = extend(builtIn, [{ name: 'first', metrics: half }]);
  refused(() => extend(before, [{ name: 'second', metrics: half }]), /the plugin first has one/, /another name/);
});

test('what is no plugin is refused, with what to write', () => {
  const wrong = (value: unknown, what: RegExp, remedy: RegExp) =>
    refused(() => definePlugin(value as Plugin), what, remedy);
  wrong(3, /is an object, not number/, /definePlugin/);
  wrong({ metrics: half }, /needs a name/, /name: 'mine'/);
  wrong({ name: 'a,b' }, /needs a name/, /name: 'mine'/);
  wrong({ name: 'mine', metric: half }, /no list `metric`/, /did you mean `metrics`/);
  wrong({ name: 'mine', metrics: [half] }, /wrong form/, /\{ name/);
  wrong({ name: 'mine', tasks: {} }, /wrong form/, /\[/);
  wrong({ name: 'mine', metrics: { half: 50 } }, /half is no function/, /docs\/plugins\.md/);
  wrong({ name: 'mine', metrics: { 'a/b': () => 0 } }, /no name for a metric/, /letters/);
  wrong({ name: 'mine', deltas: [null] }, /undefined.*|is no/, /./);
  wrong({ name: 'mine', deltas: [{ kind: 'thin', label: 'Thin' }] }, /delta thin has no `defaults`/, /give it one/);
});

const files: readonly (readonly [name: string, text: string, what: RegExp])[] = [
  ['empty.ts', 'export const plugin = 1;', /default export/],
  ['shape.ts', 'export default { name: 1 };', /needs a name/],
  ['clash.ts', "export default { name: 'clash', metrics: { f1: () => 0 } };", /the metric `f1`/],
  ['throws.ts', "\nthrow new Error('no luck');", /line 2: no luck/],
  ['syntax.ts', 'export default {', /could not be loaded/],
  ['waits.ts', 'await 1; export default {};', /`await`.* outside of a function/],
  ['lost.ts', "import './nowhere.ts'; export default {};", /could not be loaded: Cannot find/],
];
for (const [name, text, what] of files) {
  test(`a plugin file that is wrong is told of with its place: ${name}`, () => {
    const file = join(folder, name);
    writeFileSync(file, text);
    refused(() => openPlugins([file]), new RegExp(`${name}: .*${what.source}`), /./);
  });
}

test('a file that is not there is told of', () => {
  refused(() => openPlugins([join(folder, 'no.ts')]), /no\.ts: there is no such plugin/, /--plugin/);
});

test('a file opens by the parts of the program that opens it, and twice is once', () => {
  const file = join(folder, 'good.ts');
  writeFileSync(
    file,
    "import { definePlugin } from 's3delta';\nimport { ops } from 's3delta/graph';\n" +
      "export default definePlugin({ name: 'good', metrics: { half: () => (ops.add ? 50 : 0) } });\n",
  );
  const known = openPlugins([file]);
  assert.equal(known.metrics.half!([], [], undefined), 50);
  assert.equal(openPlugins([file], known), known);
  assert.equal(openPlugins([]), builtIn);
});

test('settings know the words of a catalogue, and no strategy takes a key that every run has', () => {
  const [strategy] = builtIn.strategies;
  const known = extend(builtIn, [{ name: 'mine', spaces: { small: { label: 's', description: 'd', rules: [] } } }]);
  assert.equal(parseSettings({ space: 'small' }, key => key, known).space, 'small');
  refused(() => parseSettings({ space: 'small' }, key => key), /no value for `space`/, /mixed/);
  refused(() => parseSettings({ space: 'smal' }, key => key, known), /no value for `space`/, /did you mean `?small/);
  const options = strategy!.options.extend({ lr: strategy!.options.shape.tau! });
  const taking = extend(builtIn, [{ name: 'mine', strategies: [{ ...strategy!, name: 'own', options }] }]);
  refused(() => parseSettings({}, key => key, taking), /own has an option `lr`/, /something else/);
});
