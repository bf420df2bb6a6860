import { test } from 'node:test';
import { createWatch } from '../../src/serve/changes-stream.ts';
import { createRunIndex } from '../../src/serve/run-index.ts';
import { runsRoot, writeRun } from './synthetic-runs.ts';

test('a change that came before one waits for it is not waited for', { timeout: 5000 }, async () => {
  const root = runsRoot();
  const index = createRunIndex(root);
  const watch = createWatch(index, 60_000);
  watch.look();
  const seen = index.version;
  writeRun(root, 'a');
  watch.look();
  await watch.newerThan(seen, 60_000, new AbortController().signal);
});

test('nobody waits for a listener that has left already', { timeout: 5000 }, async () => {
  const watch = createWatch(createRunIndex(runsRoot()), 60_000);
  await watch.newerThan(0, 60_000, AbortSignal.abort());
});
