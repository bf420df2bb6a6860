import assert from 'node:assert/strict';
import { relative, resolve } from 'node:path';
import { test } from 'node:test';
import { shellWords } from '../../src/core/format.ts';
import { placingOf } from '../../src/jobs/experiment-origin.ts';

const made = { workingFolder: '/home/ada', folder: 'runs/two' };
const here = (path: string) => relative('', path);

test('words of a shell are read as they were written', () => {
  assert.deepEqual(shellWords(`s3delta train 'my runs/it'\\''s' --seeds 8`), [
    ...['s3delta', 'train', "my runs/it's", '--seeds', '8'],
  ]);
});

test("a command names the experiment's folder as it is called now, and a user's files from here", () => {
  const { command, path } = placingOf(made, 'moved/it');
  assert.equal(
    command('s3delta compare runs/two --task a.yaml,rte,/data/b.yaml --budget 1% --seeds 8 --out runs/two'),
    `s3delta compare moved/it --task ${here('/home/ada/a.yaml')},rte,/data/b.yaml --budget 1% --seeds 8 --out moved/it`,
  );
  assert.equal(
    command("s3delta train runs/two/matrix.yaml --structure 'runs/two/s/3 at 1%.json' --out runs/two-trained"),
    "s3delta train moved/it/matrix.yaml --structure 'moved/it/s/3 at 1%.json' --out moved/it-trained",
  );
  // A neighbour that begins alike is another folder.
  assert.match(
    command('s3delta compare runs/two --methods runs/two-x/one.json'),
    /moved\/it --methods .*runs\/two-x\//,
  );
  // A task, a method and a command may be called as the folder is.
  const named = placingOf({ ...made, folder: 'spread' }, 'moved');
  assert.equal(
    named.command('s3delta spread spread --task spread,x.yaml --out spread'),
    `s3delta spread moved --task spread,${here('/home/ada/x.yaml')} --out moved`,
  );
  assert.equal(path('runs/two/a/seed-0'), 'moved/it/a/seed-0');
});

test('a folder without a name of its own is named in full', () => {
  assert.equal(
    placingOf(made, '.').command('s3delta spread runs/two --out runs/two-longer'),
    `s3delta spread ${resolve('.')} --out ${resolve('.')}-longer`,
  );
});

test('where it was made a command stays as it is, as does one of a file that does not tell', () => {
  const written = 's3delta compare ./runs/two --task ./a.yaml --out ./runs/two';
  const own = { workingFolder: process.cwd(), folder: './runs/two' };
  assert.equal(placingOf(own, 'runs/two/').command(written), written);
  assert.equal(placingOf(undefined, 'elsewhere').command(written), written);
});
