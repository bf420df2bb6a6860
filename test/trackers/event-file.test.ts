import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32c, eventRecords, fileVersion, type TensorBoardEvent } from '../../src/trackers/tensorboard.ts';
import { fixturePath } from '../witness/fixtures.ts';

const recorded = readFileSync(fixturePath('events.tfevents'));
const png = recorded.subarray(recorded.indexOf('\x89PNG', 0, 'latin1'), recorded.indexOf('IEND') + 8);
const begun = 1_700_000_000_250;
const events: TensorBoardEvent[] = [
  { time: begun, step: 0, values: [{ tag: 'settings', text: '| lr | 0.001 | é' }] },
  {
    ...{ time: begun + 12_250, step: 300 },
    values: [
      { tag: 'search/score', scalar: 91.25 },
      { tag: 'search/loss', scalar: 0.1 },
    ],
  },
  { time: begun + 98_750, step: 2 ** 40, values: [{ tag: 'heat map', png }] },
];

test('the checksum is Castagnoli’s: the values of RFC 3720', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
});

test('an event file has the bytes that TensorBoard’s own package writes', () => {
  assert.deepEqual(Buffer.concat([fileVersion(begun), eventRecords(events)]), recorded);
});

const python = process.env.S3DELTA_PYTHON;
const skip = python === undefined ? 'S3DELTA_PYTHON names no Python with tensorboard' : false;

test('TensorBoard reads back what was written, part after part', { skip }, t => {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-events-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const parts = [fileVersion(begun), ...events.map(event => eventRecords([event]))];
  writeFileSync(join(folder, 'events.out.tfevents.1700000000.s3delta'), Buffer.concat(parts));
  const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
scalars = {tag: [[e.step, e.wall_time, round(e.value, 5)] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
image = events.Images("heat map")[0]
text = events.Tensors("settings")[0].tensor_proto.string_val[0].decode()
print(json.dumps([scalars, image.step, image.width, image.height, len(image.encoded_image_string), text]))`;
  const read = JSON.parse(execFileSync(python!, ['-c', script, folder], { encoding: 'utf8', stdio: 'pipe' }));
  assert.deepEqual(read, [
    { 'search/score': [[300, 1_700_000_012.5, 91.25]], 'search/loss': [[300, 1_700_000_012.5, 0.1]] },
    ...[2 ** 40, 3, 2, png.length, '| lr | 0.001 | é'],
  ]);
});
