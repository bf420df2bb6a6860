import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { settingKeys } from '../../src/config/settings.ts';
import { schemaLine } from '../../src/files/text-files.ts';
import { schemaFiles } from '../../tools/schemas.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface JsonSchema {
  readonly properties: Record<string, Record<string, unknown>>;
  readonly additionalProperties: boolean;
  readonly required?: string[];
}

test('the schemas in the repository are those of the program (node tools/schemas.ts writes them)', () => {
  for (const [name, text] of Object.entries(schemaFiles())) {
    assert.equal(readFileSync(join(root, 'schema', name), 'utf8'), text, name);
  }
});

test('the schema of a config explains every key, refuses others and demands none', () => {
  const schema = JSON.parse(schemaFiles()['config.schema.json']!) as JsonSchema;
  assert.deepEqual(Object.keys(schema.properties).sort(), [...settingKeys, 'versions'].sort());
  assert.equal(schema.additionalProperties, false);
  assert.equal(schema.required, undefined);
  for (const [key, property] of Object.entries(schema.properties)) {
    assert.equal(typeof property.description, 'string', key);
    assert.ok(!('hint' in property || 'off' in property), key);
  }
  assert.deepEqual(schema.properties.order!.enum, ['first', 'one-sided', 'second', 'exact']);
  assert.equal(schema.properties.order!.default, 'first');
});

test('the schema of a task demands what a task cannot do without', () => {
  const schema = JSON.parse(schemaFiles()['task.schema.json']!) as JsonSchema;
  assert.deepEqual(schema.required, ['name', 'template', 'label', 'metric', 'files']);
  for (const [key, property] of Object.entries(schema.properties)) {
    assert.equal(typeof property.description, 'string', key);
  }
});

test('the line that names a schema leads to it from wherever the file is', () => {
  for (const file of [join(root, 'runs', 'rte', 'config.yaml'), join(tmpdir(), 'config.yaml'), 'here.yaml']) {
    for (const schema of ['config', 'task'] as const) {
      const [, path] = /^# yaml-language-server: \$schema=(.+)$/.exec(schemaLine(file, schema))!;
      const target = resolve(dirname(file), path!);
      assert.ok(existsSync(target), target);
      assert.ok(target.endsWith(`${schema}.schema.json`));
    }
  }
  const example = join(root, 'examples', 'my-task', 'task.yaml');
  assert.equal(readFileSync(example, 'utf8').split('\n')[0], schemaLine(example, 'task'));
});
