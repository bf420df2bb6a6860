import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readInputs } from '../../../src/data/read-inputs.ts';
import { readRows, readSomeRows } from '../../../src/data/rows/read-rows.ts';
import { readOwnData } from '../../../src/tasks/custom/own-data.ts';
import { writeFiles } from '../../tasks/write-files.ts';

const json = '[\n  {"text": "a, b", "kind": "yes"}\n]\n';
const lines = '{"text": "a, b", "kind": "yes"}\n\n{"text": "c", "kind": "no"}\n';
const page = '\uFEFF\n<!DOCTYPE html>\n<html><body><table><tr><td>text</td></tr></table></body></html>\n';
const wrong: Readonly<Record<string, readonly [content: string, what: RegExp, remedy: RegExp]>> = {
  'page.csv': [page, /holds a web page \(HTML\)/, /"raw" or "download"/],
  'page.tsv': ['<html>\n', /web page/, /download/],
  'page.json': ['<!-- saved from url=(0014)about:internet -->\n<html>', /web page/, /download/],
  'page.parquet': [page, /web page/, /download/],
  'sheet.csv': ['<?xml version="1.0"?>\n<Workbook/>', /holds XML/, /CSV UTF-8/],
  'pointer.csv': [
    'version https://git-lfs.github.com/spec/v1\noid sha256:0\n',
    /Git LFS/,
    /git lfs pull --include pointer\.csv/,
  ],
  'rows.csv': [json, /holds JSON/, /mv .*rows\.csv .*rows\.json$/],
  'lines.csv': [lines, /holds JSON/, /mv .*lines\.csv .*lines\.jsonl$/],
  'lines.tsv': [lines, /holds JSON/, /lines\.jsonl$/],
  'lines.json': [lines, /a JSON object a line/, /lines\.jsonl$/],
  'rows.jsonl': [json, /one JSON document/, /rows\.json$/],
  'really.csv': ['PAR1\u0015\u0004', /holds Parquet/, /really\.parquet$/],
};

test('a data file that holds something else than its name says is refused by what it holds, with the remedy', async t => {
  for (const [name, [content, what, remedy]] of Object.entries(wrong)) {
    const path = join(await writeFiles(t, { [name]: content }), name);
    const refusal = { code: 'wrong-kind-of-file', where: path, message: what, remedy };
    await assert.rejects(readRows(path), refusal, name);
    await assert.rejects(readInputs(path).next(), refusal, name);
    await assert.rejects(readOwnData(path), refusal, name);
  }
});

test('an empty file is refused as that, and a table of a first line alone has no rows', async t => {
  const empty = { 'none.csv': '', 'mark.csv': '\uFEFF', 'blank.tsv': ' \n\n', 'none.jsonl': '', 'none.json': '' };
  const folder = await writeFiles(t, { ...empty, 'header.csv': 'text,kind\n' });
  for (const name of Object.keys(empty)) {
    const path = join(folder, name);
    const refusal = { code: 'empty-data', where: path, message: /this file is empty/ };
    await assert.rejects(readRows(path), refusal, name);
    await assert.rejects(readInputs(path).next(), refusal, name);
  }
  const header = join(folder, 'header.csv');
  assert.deepEqual(await readRows(header), []);
  for (const read of [readSomeRows, readOwnData])
    await assert.rejects(read(header), { code: 'empty-data', message: /has no rows/, remedy: /first line/ });
});

test('what only looks like something else is read', async t => {
  const cells = {
    'quoted.csv': '"{""a"": 1}",kind\nx,y\n',
    'tags.csv': '<b>text</b>,kind\nx,y\n',
    'cells.tsv': '{"a": 1}\tyes\n{"a": 2}\tno\n',
    'braces.csv': '{text},[kind]\nx,y\n',
    'wide.json': '{"0": {"text": "x"},\n"1": {"text": "y"}}',
    'one.json': '{"text": "x"}\n',
  };
  const folder = await writeFiles(t, cells);
  for (const name of Object.keys(cells)) assert.ok((await readRows(join(folder, name))).length > 0, name);
});
