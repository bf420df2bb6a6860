import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { setInterval } from 'node:timers';
import { queueNames } from '../../../src/experiments/queue/database.ts';
import { queueStanding } from '../../../src/experiments/queue/queue-standing.ts';
import { failureWords } from '../../../src/experiments/queue/queue-state.ts';
import { tinyModel } from '../../cli/support.ts';
import { noServer } from './postgres-server.ts';
import { hurry, queueForEachTest, until } from './queue-fixture.ts';
import { simulatedRunner } from './simulated-cells.ts';

// What a worker does not do: it goes to the dead letters, or to another who can, and `status` says why.

const temporary = (name: string) => mkdtempSync(join(tmpdir(), `s3delta-${name}-`));

describe('what workers refuse', { skip: noServer() ?? false }, () => {
  const { space, here, submit, work } = queueForEachTest();
  const models = dirname(tinyModel);
  const films = dirname(space.task);

  function filmsWithMoreRows(): string {
    const folder = temporary('more-rows');
    cpSync(films, join(folder, 'films'), { recursive: true });
    appendFileSync(join(folder, 'films', 'train.jsonl'), '{"text": "another film", "label": "good"}\n');
    return join(folder, 'films');
  }

  function modelByLink(): string {
    const folder = temporary('link');
    symlinkSync(tinyModel, join(folder, 'tiny-t5'));
    return folder;
  }

  const changed = (path: string, value: unknown) => `jsonb_set(content, '{${path}}', '${JSON.stringify(value)}')`;
  const nested = (outer: string, inner: string) => outer.replace('content', () => inner);
  const [hubModel, plugin] = ['google-t5/t5-small', '/opt/mine.ts'];
  const withHubModel = nested(changed('settings,model', hubModel), changed('places,0,given', hubModel));
  const place = JSON.stringify({ key: 'plugins', given: plugin, hash: '0'.repeat(64) });
  const withPlugin = nested(changed('settings,plugins', [plugin]), `jsonb_insert(content, '{places,0}', '${place}')`);

  /** Works without the pauses before what has come to nothing is tried again. */
  async function workAtOnce(...args: Parameters<typeof work>): ReturnType<typeof work> {
    const hurrying = setInterval(() => void hurry(here.owner).catch(() => {}), 50);
    try {
      return await work(...args);
    } finally {
      clearInterval(hurrying);
    }
  }

  /** What the cell is, what the worker allows, and what is said of the two. */
  const lacking: readonly [string, { readonly folders?: string[]; readonly content?: string }, RegExp][] = [
    [
      'a model outside of what is allowed',
      { folders: [space.folder] },
      /^model .*tiny-t5 is not here, or not allowed: put/,
    ],
    [
      'a model behind a link out of it',
      { folders: [space.folder, modelByLink()] },
      /^model .* is not here, or not allowed/,
    ],
    ['a task that is not there', { folders: [models] }, /^task .*task.yaml is not here, or not allowed/],
    ['data that are others', { folders: [filmsWithMoreRows(), models] }, /^the data of the task is another here/],
    ['anything, where nothing is allowed', { folders: [] }, /put it into a folder, named by --allow$/],
    ['a name of the Hub', { content: withHubModel }, /^model google-t5.*without --no-hub$/],
    ['a plugin that it does not have', { content: withPlugin }, /^plugins \/opt\/mine.ts is not here, or not allowed/],
    [
      'another version',
      { content: changed('program', '99.0.0') },
      /^it is a cell of s3delta 99.0.0, and this worker is /,
    ],
  ];
  for (const [what, { folders = [space.folder, models], content }, reason] of lacking) {
    test(`${what}: refused some times, then for good, with the reason, and no retry is spent`, async () => {
      await submit('lacking', [1]);
      if (content) await here.owner.pool.query(`UPDATE s3delta.cell SET content = ${content}`);
      const allowed = { folders, hub: false };
      const { done, failed, said } = await workAtOnce(here.anna, { allowed, lackSeconds: 0.05 });
      assert.deepEqual([done, failed], [0, 0]);
      assert.equal(said.filter(text => /refused: /.test(text)).length, 5, said.join('\n'));
      assert.match(said.at(-1)!, /refused for good: /);
      const { failures, experiments } = await queueStanding(here.owner);
      assert.deepEqual(
        failures.map(({ state, kind }) => [state, kind]),
        [['failed', 'refused']],
      );
      assert.match(failures[0]!.message, reason);
      assert.equal(experiments[0]!.states.failed, 1);
      assert.equal((await deadLetters()).length, 1);
    });
  }

  const deadLetters = async () =>
    (await here.owner.pool.query('SELECT 1 FROM s3delta_boss.job WHERE name = $1', [queueNames.deadLetters])).rows;

  const poison: readonly [string, string, RegExp][] = [
    ['what is no cell', `'{"job": "rm -rf /"}'`, /^this is no cell: program/],
    ['a job that there is not', changed('job', 'rm'), /^this is no cell: job/],
    ['keys that no cell has', changed('environment', { PATH: '/tmp' }), /^this is no cell: .*environment/],
    ['settings that are none', changed('settings,lr', 'fast'), /lr/],
    ['a setting that there is not', changed('settings,rm', true), /rm/],
    ['a path without a hash', changed('settings,model', '/etc'), /names a path that it lists no hash of/],
    ['a folder to write to', changed('settings,out', '/etc'), /names a path that it lists no hash of/],
  ];
  for (const [what, content, reason] of poison) {
    test(`${what}: goes to the dead letters at once, whatever its retries are`, async () => {
      await submit('poison', [1], { retries: 9 });
      await here.owner.pool.query(`UPDATE s3delta.cell SET content = ${content}`);
      assert.equal((await work(here.anna)).done, 0);
      const { failures } = await queueStanding(here.owner);
      assert.deepEqual(
        failures.map(({ state, attempts }) => [state, attempts]),
        [['failed', 1]],
      );
      assert.match(failures[0]!.message, reason);
      assert.equal((await deadLetters()).length, 1);
    });
  }

  test('a place in the queue that belongs to no cell is removed, and the others are done', async () => {
    await submit('real', [1]);
    await (await here.owner.boss()).insert(queueNames.cells, [{ data: { sh: 'rm -rf /' }, priority: 5 }]);
    const { done, said } = await work(here.anna);
    assert.equal(done, 1);
    assert.match(said.join('\n'), /removed, as it is the place of no cell/);
  });

  test('a model that a worker lacks, or has otherwise, is refused with the reason, and another does the cell', async () => {
    await submit('lacks', [1]);
    const elsewhere = mkdtempSync(join(tmpdir(), 's3delta-other-'));
    cpSync(tinyModel, join(elsewhere, 'tiny-t5'), { recursive: true });
    cpSync(join(tinyModel, 'config.json'), join(elsewhere, 'tiny-t5', 'tokenizer_config.json'));
    const poor = new AbortController();
    const refusing = work(here.anna, {
      allowed: { folders: [space.folder, elsewhere], hub: false },
      signal: poor.signal,
      untilEmpty: false,
    });
    await until(async () => (await queueStanding(here.owner)).failures.length > 0);
    const [failure] = (await queueStanding(here.owner)).failures;
    assert.match(failure!.message, /model .*tiny-t5 is another here: its files have other hashes/);
    assert.deepEqual([failure!.state, failure!.kind], ['waiting', 'refused']);
    // Under another path, but the same.
    const copies = mkdtempSync(join(tmpdir(), 's3delta-same-'));
    cpSync(tinyModel, join(copies, 'tiny-t5'), { recursive: true });
    const { done, said } = await work(here.owner, { allowed: { folders: [space.folder, copies], hub: false } });
    poor.abort();
    const { said: refused } = await refusing;
    assert.deepEqual([done, said.filter(text => /refused/.test(text))], [1, []]);
    assert.match(refused.join('\n'), /refused: model/);
  });

  test('a task in a folder of its own is found by the end of its path, where the folder above is allowed', async () => {
    await submit('deeper', [1]);
    const data = temporary('data');
    cpSync(films, join(data, 'films'), { recursive: true });
    cpSync(tinyModel, join(data, 'tiny-t5'), { recursive: true });
    assert.equal(
      (await workAtOnce(here.anna, { allowed: { folders: [data], hub: false }, lackSeconds: 0.05 })).done,
      1,
    );
  });

  test('what another may do is passed on, and told until it is done; refusals spend none of its retries', async () => {
    await submit('passed', [1], { retries: 1 });
    const other = '00000000-0000-4000-8000-000000000001';
    const program = "(SELECT content->>'program' FROM s3delta.cell)";
    await here.owner.pool.query(`INSERT INTO s3delta.worker (id, name, program) VALUES ($1, 'other', ${program})`, [
      other,
    ]);
    const stop = new AbortController();
    const refusing = work(here.anna, { allowed: { folders: [], hub: false }, lackSeconds: 0.1, signal: stop.signal });
    await until(async () => Number((await queueStanding(here.owner)).failures[0]?.attempts) > 8);
    stop.abort();
    await refusing;
    assert.deepEqual((await queueStanding(here.owner)).failures.map(failureWords), ['refused, now waiting']);
    let times = 0;
    const runner = () => simulatedRunner({ steps: 1, stepMilliseconds: 1, failing: times++ === 0 ? [1] : [] });
    const { done, failed } = await workAtOnce(here.anna, { runner });
    assert.deepEqual([done, failed], [1, 1]);
    assert.deepEqual((await queueStanding(here.owner)).failures.map(failureWords), ['failed, now done']);
  });

  test('what was refused for good is tried anew when it is submitted again', async () => {
    await submit('again', [1]);
    await workAtOnce(here.anna, { allowed: { folders: [], hub: false }, lackSeconds: 0.05 });
    await submit('again', [1]);
    assert.deepEqual(await deadLetters(), []);
    assert.equal((await work(here.anna)).done, 1);
    assert.deepEqual((await queueStanding(here.owner)).failures, []);
  });
});
