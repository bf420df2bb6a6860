import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { readConfigFile } from '../../src/config/config-file.ts';
import { parseExperimentSettings, parseTransferSettings } from '../../src/config/experiment-settings.ts';
import { fromConfigFile, parseSettings, toConfigFile, withAbsolutePaths } from '../../src/config/parse-settings.ts';
import { expandHome } from '../../src/files/folders.ts';
import { shortName } from '../../src/tasks/task-places.ts';

const root = mkdtempSync(join(tmpdir(), 's3delta-paths-'));
const config = join(root, 'configs', 'films.yaml');
for (const name of ['data', 'configs/films', 'configs/mini', 'configs/rte'])
  mkdirSync(join(root, name), { recursive: true });
for (const name of ['data/films.yaml', 'configs/films/task.yaml']) writeFileSync(join(root, name), '');

test('a path in a config file means what lies beside it, else what the working folder has', () => {
  writeFileSync(config, 'task: films/task.yaml\ndata: ../data\nmodel: models/mini\nstructure: none.json\nout: films\n');
  assert.deepEqual(readConfigFile(config), {
    task: join(root, 'configs/films/task.yaml'),
    data: join(root, 'data'),
    model: 'models/mini',
    structure: 'none.json',
    out: 'films',
  });
  assert.deepEqual(fromConfigFile({ task: ['films/task.yaml', 'rte'], seeds: [0] }, config), {
    task: [join(root, 'configs/films/task.yaml'), 'rte'],
    seeds: [0],
  });
});

test('what comes with the package is meant by its name, whatever lies there', () => {
  const names = { model: 'mini', task: 'rte' };
  assert.deepEqual(fromConfigFile(names, config), names);
  assert.deepEqual(withAbsolutePaths(names), names);
});

test('a path that is written to a config file is found from it again; absolute ones and names stay', () => {
  const here = (name: string) => relative(process.cwd(), join(root, name));
  const keys = {
    task: here('data/films.yaml'),
    data: here('configs'),
    structure: 'none.json',
    model: join(root, 'data'),
  };
  const written = toConfigFile(keys, config);
  assert.deepEqual(written, { ...keys, task: '../data/films.yaml', data: './' });
  assert.deepEqual(withAbsolutePaths(fromConfigFile(written, config)), {
    ...keys,
    task: join(root, 'data/films.yaml'),
    data: join(root, 'configs'),
  });
  assert.deepEqual(toConfigFile({ task: here('configs/films/task.yaml') }, config), { task: './films/task.yaml' });
  assert.deepEqual(toConfigFile({ task: 'examples/my-task/task.yaml' }, 'here.yaml'), {
    task: 'examples/my-task/task.yaml',
  });
});

test('an absolute path is that of the working folder, where there is something', () => {
  assert.deepEqual(withAbsolutePaths({ task: 'examples/my-task/task.yaml', data: 'org/name', seed: 1 }), {
    task: resolve('examples/my-task/task.yaml'),
    data: 'org/name',
    seed: 1,
  });
});

test('the short name of a model or a task is what people call it', () => {
  const names = {
    './t5-base/': 't5-base',
    'films\\task.yaml': 'task',
    'a/reviews.task.yaml': 'reviews',
    rte: 'rte',
    '': '',
  };
  for (const [path, name] of Object.entries(names)) assert.equal(shortName(path), name);
});

test('`~` before a path is the home folder, in a config file, in keys of any source and in lists', () => {
  const home = (path: string) => `${homedir()}${path}`;
  assert.deepEqual(['~', '~/x', '~\\x'].map(expandHome), [homedir(), home('/x'), home('\\x')]);
  for (const path of ['./~', '~user/x', 'a~', '/~', '~x', '', 'a/~/b']) assert.equal(expandHome(path), path);
  writeFileSync(config, 'task: ~/films.yaml\ndata: "~/data"\nmodel: ~/m\nstructure: ~/s.json\nout: ~/runs\n');
  assert.deepEqual(readConfigFile(config), {
    ...{ task: home('/films.yaml'), data: home('/data'), model: home('/m') },
    ...{ structure: home('/s.json'), out: home('/runs') },
  });
  assert.deepEqual(
    parseSettings({ out: '~/a', task: 'rte' }, key => key),
    { out: home('/a'), task: 'rte' },
  );
  assert.deepEqual(
    parseExperimentSettings({ task: 'rte,~/b.yaml', out: '~' }, key => key),
    {
      task: ['rte', home('/b.yaml')],
      out: homedir(),
    },
  );
  assert.deepEqual(parseTransferSettings({ from: ['~/a', 'b'] }, key => key).from, [home('/a'), 'b']);
});
