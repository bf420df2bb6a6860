import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { makeFolder } from '../files/folders.ts';
import { isThere } from '../files/regular-file.ts';
import type { Tracker } from './tracker.ts';

/** Event files in the run's own folder: `tensorboard --logdir runs` shows all runs below it. */
export const tensorboard: Tracker = {
  description: 'event files in the run folder, for `tensorboard --logdir`',
  async send(run, { points, end }, id) {
    const name = id ?? `events.out.tfevents.${Math.floor(run.begun / 1000)}.s3delta`;
    const file = join(run.folder, 'tensorboard', name);
    const events: TensorBoardEvent[] = points.map(({ step, time, values }) => ({
      ...{ step, time },
      values: Object.entries(values).map(([tag, scalar]) => ({ tag, scalar })),
    }));
    const rows = Object.entries(run.settings).map(([key, value]) => `| ${key} | ${value.replaceAll('|', '\\|')} |`);
    const settings = ['| setting | value |', '| --- | --- |', ...rows].join('\n');
    const first = id === undefined || !isThere(file);
    if (first) events.unshift({ step: 0, time: run.begun, values: [{ tag: 'settings', text: settings }] });
    if (end !== undefined) {
      const scores = Object.entries(end.scores).map(([tag, scalar]) => ({ tag, scalar }));
      const picture = end.picture === undefined ? [] : [{ tag: 'heat map', png: end.picture }];
      events.push({ step: 0, time: end.time, values: [...scores, ...picture] });
    }
    await makeFolder(join(run.folder, 'tensorboard'));
    // One write: a process that ends in between leaves whole records, or none.
    await appendFile(file, Buffer.concat([...(first ? [fileVersion(run.begun)] : []), eventRecords(events)]));
    return name;
  },
};

/** One of TensorBoard's events: what stands under a tag at a step. */
export interface TensorBoardEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly step: number;
  readonly values: readonly TaggedValue[];
}

type TaggedValue = { readonly tag: string } & (
  | { readonly scalar: number }
  | { readonly text: string }
  | { readonly png: Uint8Array }
);

const DT_STRING = 7;
/** Numbers of the fields in TensorFlow's event.proto, summary.proto and tensor.proto. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
const VALUE = { tag: 1, simpleValue: 2, image: 4, tensor: 8, metadata: 9 } as const;

/** What an event file begins with. */
export function fileVersion(time: number): Uint8Array {
  return record(
    event(time, 0, writer => writer.tag(EVENT.fileVersion, WireType.LengthDelimited).string('brain.Event:2')),
  );
}

/** Events as records of an event file. */
export function eventRecords(events: readonly TensorBoardEvent[]): Uint8Array {
  const records = events.map(({ time, step, values }) =>
    record(
      event(time, step, writer => {
        writer.tag(EVENT.summary, WireType.LengthDelimited).fork();
        for (const value of values) writeValue(writer, value);
        writer.join();
      }),
    ),
  );
  return Buffer.concat(records);
}

function event(time: number, step: number, what: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(EVENT.wallTime, WireType.Bit64).double(time / 1000);
  // As protobuf's own writers do: zeros are not written.
  if (step !== 0) writer.tag(EVENT.step, WireType.Varint).int64(step);
  what(writer);
  return writer.finish();
}

function writeValue(writer: BinaryWriter, value: TaggedValue): void {
  writer.tag(1, WireType.LengthDelimited).fork();
  writer.tag(VALUE.tag, WireType.LengthDelimited).string(value.tag);
  if ('scalar' in value) writer.tag(VALUE.simpleValue, WireType.Bit32).float(value.scalar);
  else if ('text' in value) writeText(writer, value.text);
  else writeImage(writer, value.png);
  writer.join();
}

/** A tensor of one string, which the plugin of this name shows. */
function writeText(writer: BinaryWriter, text: string): void {
  writer.tag(VALUE.tensor, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int32(DT_STRING);
  // A shape without dimensions: one string.
  writer.tag(2, WireType.LengthDelimited).fork().join();
  writer.tag(8, WireType.LengthDelimited).string(text);
  writer.join();
  writer.tag(VALUE.metadata, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string('text').join();
  writer.join();
}

/** Height, width, four channels, and the file itself. A PNG's size stands at the same place in each. */
function writeImage(writer: BinaryWriter, png: Uint8Array): void {
  const header = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const [width, height] = [header.getUint32(16), header.getUint32(20)];
  writer.tag(VALUE.image, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int32(height).tag(2, WireType.Varint).int32(width).tag(3, WireType.Varint).int32(4);
  writer.tag(4, WireType.LengthDelimited).bytes(png);
  writer.join();
}

/** TFRecord: the length and its checksum, the data and theirs, little-endian. */
function record(data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(data.length + 16);
  bytes.writeBigUInt64LE(BigInt(data.length), 0);
  bytes.writeUInt32LE(masked(crc32c(bytes.subarray(0, 8))), 8);
  bytes.set(data, 12);
  bytes.writeUInt32LE(masked(crc32c(data)), 12 + data.length);
  return bytes;
}

/** So that a checksum of data that holds checksums is a good one (TensorFlow's crc32c.h). */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** Castagnoli's polynomial, its bits turned round. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
