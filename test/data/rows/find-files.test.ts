import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { findFiles, fitsPattern } from '../../../src/data/rows/find-files.ts';
import { writeFiles } from '../../tasks/write-files.ts';

test('files by a pattern, in the order of their names; folders and other depths are none', async t => {
  const names = ['train-2.parquet', 'train-1.parquet', 'train.parquet', 'a/train-0.parquet', 'b/train-0.parquet'];
  const folder = await writeFiles(t, Object.fromEntries([...names, 'train-x.parquet/inside'].map(name => [name, ''])));
  const find = (pattern: string) => findFiles(folder, pattern);
  const paths = (...found: string[]) => found.map(name => join(folder, name));
  assert.deepEqual(find('train-*.parquet'), paths('train-1.parquet', 'train-2.parquet'));
  assert.deepEqual(find('*/train-*.parquet'), paths('a/train-0.parquet', 'b/train-0.parquet'));
  assert.deepEqual(find('train.parquet'), paths('train.parquet'));
  assert.deepEqual(find('../*/train.parquet').length > 0, true);
  assert.deepEqual([find('a'), find('none/*'), find('*.tsv'), findFiles(join(folder, 'none'), '*')], [[], [], [], []]);
});

test('a star finds nothing hidden, a name that begins with a point does', async t => {
  const names = ['a/train.csv', '.ipynb_checkpoints/train.csv', 'a/.train.csv'];
  const folder = await writeFiles(t, Object.fromEntries(names.map(name => [name, ''])));
  assert.deepEqual(findFiles(folder, '*/*train*.csv'), [join(folder, 'a/train.csv')]);
  assert.deepEqual(findFiles(folder, '.*/train.csv'), [join(folder, '.ipynb_checkpoints/train.csv')]);
  assert.ok(!fitsPattern('.ipynb_checkpoints/train.csv', '*/train.csv'));
});

test('a pattern is letters and stars, nothing else is special', () => {
  assert.ok(fitsPattern('a+b(1).tsv', 'a+b(*).tsv'));
  assert.ok(!fitsPattern('axb.tsv', 'a.b.tsv'));
  assert.ok(!fitsPattern('a/b.tsv', '*.tsv'));
  assert.ok(fitsPattern('a/b.tsv', '*/*.tsv'));
});
