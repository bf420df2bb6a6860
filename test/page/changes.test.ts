import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { followRuns } from '../../src/page/live-data.ts';

/** A connection whose events the test tells. */
class Source extends EventTarget {
  static opened: Source[] = [];
  readonly url: string;
  closed = false;
  constructor(url: string) {
    super();
    this.url = url;
    Source.opened.push(this);
  }
  close() {
    this.closed = true;
  }
  tell(type: string, data = '', lastEventId = '') {
    this.dispatchEvent(Object.assign(new Event(type), { data, lastEventId }));
  }
}

/** Follows runs with timers and connections that stand still until the test moves them. */
function follow(context: TestContext) {
  const replaced = globalThis.EventSource;
  globalThis.EventSource = Source as unknown as typeof EventSource;
  Source.opened = [];
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const shown: { connected: boolean; ids: string[] }[] = [];
  const end = followRuns(({ connected, runs }) => shown.push({ connected, ids: [...runs.keys()] }));
  context.after(() => {
    end();
    globalThis.EventSource = replaced;
  });
  return { shown, latest: () => Source.opened.at(-1)!, tick: (time: number) => context.mock.timers.tick(time) };
}

const one = JSON.stringify({ whole: true, runs: [{ id: 'a' }], removed: [] });

test('a connection made anew counts as one at its first word, also where nothing has changed', context => {
  const { shown, latest, tick } = follow(context);
  latest().tell('runs', one, 'start.1');
  latest().tell('error');
  assert.deepEqual(shown.at(-1), { connected: false, ids: ['a'] });
  tick(2000);
  assert.equal(latest().url, '/api/changes?since=start.1');
  assert.ok(Source.opened[0]!.closed);
  latest().tell('beat');
  assert.deepEqual(shown.at(-1), { connected: true, ids: ['a'] });
});

test('a server that says nothing for long is asked again', context => {
  const { latest, tick } = follow(context);
  latest().tell('runs', one, 'start.1');
  tick(39_000);
  latest().tell('beat');
  tick(39_000);
  assert.equal(Source.opened.length, 1);
  tick(2000);
  assert.equal(Source.opened.length, 2);
});
