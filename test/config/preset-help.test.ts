import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeSettings } from '../../src/config/job-config.ts';
import { settingsSchema } from '../../src/config/settings.ts';

const bounded = ['max-length', 'max-validation', 'max-test', 'max-steps', 'batch-size', 'retrain-epochs'] as const;

test('what the preset mini sets is named where its key is explained', () => {
  const task = { name: 'rte', presets: { maxLength: 1 } as never, maxSourceLength: 1 } as never;
  const settings = completeSettings({ name: 'mini' }, task, { preset: 'mini' });
  for (const key of bounded) {
    const { description } = settingsSchema.shape[key].meta() as { description: string };
    assert.ok(description.includes(`(preset mini: ${settings[key]})`), `${key}: ${description}`);
  }
});
