import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protobufFields } from '../../../../src/data/tokenizer/unigram/spiece-model.ts';
import { ProtobufWriter } from '../../../../src/graph/onnx.ts';

test('fields come in order, with their numbers and contents', () => {
  const message = new ProtobufWriter().varint(1, 300).string(2, 'héllo').float(40, 1.5).finish();
  const fields = [...protobufFields(message)];
  assert.deepEqual(
    fields.map(field => field.number),
    [1, 2, 40],
  );
  assert.equal(fields[0]!.varint, 300);
  assert.equal(Buffer.from(fields[1]!.bytes).toString(), 'héllo');
  assert.equal(Buffer.from(fields[2]!.bytes).readFloatLE(), 1.5);
});

test('a cut-off message is refused wherever the cut lies inside a field', () => {
  const message = new ProtobufWriter().string(1, 'abcdef').finish();
  for (let length = 1; length < message.length; length++) {
    assert.throws(() => [...protobufFields(message.subarray(0, length))], RangeError, `length ${length}`);
  }
});

test('fields of every width are passed over as bytes, groups as a whole', () => {
  const message = Buffer.from([0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x13, 0x08, 5, 0x14, 0x18, 7]);
  assert.deepEqual(
    [...protobufFields(message)].map(({ number, varint, bytes }) => [number, varint, bytes.length]),
    [
      [1, 0, 8],
      [2, 0, 3],
      [3, 7, 0],
    ],
  );
});

test('bytes that are no message are refused', () => {
  assert.throws(() => [...protobufFields(Buffer.from([0x07]))], /field no 0/);
  assert.throws(() => [...protobufFields(Buffer.from([0x0e]))], /wire type 6/);
  assert.throws(() => [...protobufFields(Buffer.from([0x0b]))], /EOF/, 'a group that does not end');
  assert.throws(() => [...protobufFields(new Uint8Array(20).fill(0xff))], /varint/);
});
