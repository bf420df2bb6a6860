import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { choosePreset } from '../../src/config/presets.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import { sst2 } from '../../src/tasks/glue.ts';

test('the quick start shows the sizes that the presets have', () => {
  const page = readFileSync(new URL('../../docs/quick-start.md', import.meta.url), 'utf8');
  const [section = ''] = /^## Sizes$[\s\S]*?^## /m.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| `([\w-]+)` \| (.*) \| (.*) \|$/gm)].map(([, key, ...shown]) => ({
    key: key as 'max-test',
    shown,
  }));
  const resolved = (['mini', 'paper'] as const).map(name => {
    const given = { model: 'a model that is not built in', task: sst2.name };
    const own = { ...sst2.presets, maxLength: sst2.maxSourceLength };
    return resolveSettings(given, choosePreset(given.model, own, name));
  });
  assert.equal(rows.length, 7);
  for (const { key, shown } of rows) {
    const values = resolved.map(settings => settings[key]);
    assert.deepEqual(
      shown.map(text => (/^\d+$/.test(text) ? Number(text) : undefined)),
      values,
      key,
    );
  }
});
