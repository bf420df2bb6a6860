import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fillUniform } from '../../src/core/random.ts';
import { workspace } from '../cli/support.ts';
import { inPairs, outcomeOf, requireWholeFiles, smallRuns, start } from './runs.ts';

// Real processes, killed and starved at chosen points of everything that they write, then resumed.
const space = workspace();
const runs = smallRuns(space);
const at = (name: string) => join(space.folder, name);

/** A command whose uninterrupted run is known. */
function subject(command: 'search' | 'train') {
  const go = (name: string, how: Parameters<typeof start>[1] = {}) =>
    start([...runs[command], '--resume', '--out', at(name)], how);
  let whole: ReturnType<typeof outcomeOf>;
  const self = {
    go,
    points: 0,
    milliseconds: 0,
    async runWhole() {
      const [name, count] = [`${command}-whole`, at(`${command}-points`)];
      const started = performance.now();
      const { exitCode, stderr } = await go(name, { fault: { S3DELTA_FAULT: 'count@0', S3DELTA_FAULT_COUNT: count } });
      assert.equal(exitCode, 0, stderr);
      self.milliseconds = performance.now() - started;
      self.points = Number(readFileSync(count, 'utf8'));
      whole = outcomeOf(at(name));
      return whole;
    },
    /** `count` points, one drawn from each of as many equal parts of the run. */
    spread(count: number): number[] {
      const draws = fillUniform(new Float64Array(count), 1, 'test/faults');
      return Array.from(draws, (draw, i) => 1 + Math.floor(((i + draw) / count) * self.points));
    },
    async requireSameEnd(name: string) {
      if (existsSync(at(name))) await requireWholeFiles(at(name));
      const { exitCode, stderr } = await go(name);
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(outcomeOf(at(name)), whole, name);
    },
  };
  return self;
}

const search = subject('search');
const train = subject('train');

before(async () => {
  const { files, metrics } = await search.runWhole();
  assert.deepEqual(files, [
    ...['config.yaml', 'delta.safetensors', 'inputs.json', 'metrics.jsonl', 'outcome.json'],
    ...['result.json', 'search-history.jsonl', 'structure.json'],
  ]);
  assert.equal(metrics.trimEnd().split('\n').length, 6);
  assert.ok(search.points > 150, `${search.points} points`);
});

test('killed twice, anywhere, also in the middle of a write, a search ends bit for bit as a whole one', async () => {
  let kills = 0;
  await inPairs(search.spread(20), async first => {
    const name = `killed-${first}`;
    // The second time at a point of what is left, on average in its middle.
    const [draw] = fillUniform(new Float64Array(1), first, 'test/faults/second');
    const second = 1 + Math.floor(draw! * (search.points - first));
    for (const point of [first, second]) {
      const { signal, exitCode, stderr } = await search.go(name, { fault: { S3DELTA_FAULT: `kill@${point}` } });
      if (signal === 'SIGKILL') kills += 1;
      else assert.equal(exitCode, 0, stderr);
      if (existsSync(at(name))) await requireWholeFiles(at(name));
    }
    await search.requireSameEnd(name);
  });
  assert.ok(kills >= 33, `${kills} kills`);
});

test('so does a training of a given structure', async () => {
  await train.runWhole();
  await inPairs(train.spread(6), async point => {
    const name = `train-${point}`;
    assert.equal((await train.go(name, { fault: { S3DELTA_FAULT: `kill@${point}` } })).signal, 'SIGKILL');
    await train.requireSameEnd(name);
  });
});

test('killed at any time, it does as well; asked to end, it says that it has saved', async () => {
  const times = fillUniform(new Float64Array(8), 2, 'test/faults/times');
  await inPairs([...times.keys()], async i => {
    const signal = i % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
    const name = `stopped-${i}`;
    const ended = await search.go(name, { kill: [signal, times[i]! * search.milliseconds] });
    // Before it has begun to listen it dies of the signal; after its last step it may end as if nothing had been.
    // What goes on is told where there is something to go on with.
    const told = existsSync(join(at(name), 'config.yaml')) ? /interrupted[\s\S]*--resume/ : /interrupted/;
    const isInterrupted = ended.exitCode === 143 && told.test(ended.stderr);
    assert.ok(ended.signal === signal || ended.exitCode === 0 || isInterrupted, `${ended.exitCode} ${ended.stderr}`);
    await search.requireSameEnd(name);
  });
});

test('a full disk is told in one message with its remedy, exit code 1, and the run goes on when there is room', async () => {
  await inPairs(search.spread(16), async point => {
    const name = `full-${point}`;
    const { exitCode, stderr } = await search.go(name, { fault: { S3DELTA_FAULT: `full@${point}` } });
    // The last points only remove files, which needs no room.
    if (point < search.points - 8) {
      assert.equal(exitCode, 1, stderr);
      const message = stderr.slice(stderr.indexOf('error: '));
      const remedy = 'free some space, then go on with: s3delta search --resume';
      assert.match(message, new RegExp(`^error: .*: the disk is full\n→ ${remedy}.*\n$`));
    }
    await search.requireSameEnd(name);
  });
});
