import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SummaryWriter } from '../../src/ops/summary.ts';
import { tf } from '../../src/ops/tf.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'events-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** CRC-32C with TFRecord's mask. */
function maskedCrc(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The records of a TFRecord file; every length and content is checked against its CRC. */
function records(file: Buffer): Buffer[] {
  const result: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(maskedCrc(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(data).toHaveLength(length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(maskedCrc(data));
    result.push(data);
    at += 16 + length;
  }
  return result;
}

type Message = Map<number, (number | Buffer)[]>;

function decode(data: Buffer): Message {
  const fields: Message = new Map();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = data[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < data.length) {
    const key = varint();
    let value: number | Buffer;
    if ((key & 7) === 0) value = varint();
    else {
      const length = (key & 7) === 1 ? 8 : (key & 7) === 5 ? 4 : varint();
      value = data.subarray(at, at + length);
      at += length;
    }
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

const message = (fields: Message, field: number, index = 0) => decode(fields.get(field)![index] as Buffer);

it('scalars and images are records of an event file', async () => {
  const png = await sharp({ create: { width: 5, height: 3, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const before = tf.memory().numTensors;
  const writer = new SummaryWriter(folder);
  const begin = Date.now() / 1000;
  writer.scalars(300, { 'loss/F': 1.5, 'loss/D': -2 });
  writer.image(70_000, 'samples', { png, width: 5, height: 3 });
  writer.flush();
  const [name, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  const events = records(readFileSync(join(folder, name))).map(decode);
  writer.close();
  expect(tf.memory().numTensors).toBe(before);

  expect((events[0].get(3)![0] as Buffer).toString()).toBe('brain.Event:2');
  const [, scalars, image] = events;
  expect(scalars.get(2)).toEqual([300]);
  const wallTime = (scalars.get(1)![0] as Buffer).readDoubleLE();
  expect(wallTime).toBeGreaterThanOrEqual(begin);
  expect(wallTime).toBeLessThanOrEqual(Date.now() / 1000);
  const second = message(message(scalars, 5), 1, 1);
  expect((second.get(1)![0] as Buffer).toString()).toBe('loss/D');
  expect((second.get(2)![0] as Buffer).readFloatLE()).toBe(-2);

  expect(image.get(2)).toEqual([70_000]);
  const value = message(message(image, 5), 1);
  expect((value.get(1)![0] as Buffer).toString()).toBe('samples');
  const picture = message(value, 4);
  expect([picture.get(1), picture.get(2), picture.get(3)]).toEqual([[3], [5], [3]]);
  expect((picture.get(4)![0] as Buffer).equals(png)).toBe(true);
});

it('a second writer in the same folder begins a second file', () => {
  for (let i = 0; i < 2; i++) {
    const writer = new SummaryWriter(folder);
    writer.scalars(i, { loss: i });
    writer.close();
  }
  const files = readdirSync(folder).map((name) => records(readFileSync(join(folder, name))));
  expect(files.flat()).toHaveLength(4);
});

it('a restart is an event of its own, by which TensorBoard drops what earlier files say of later steps', () => {
  const writer = new SummaryWriter(folder);
  writer.restart(41);
  writer.close();
  const [, event] = records(readFileSync(join(folder, readdirSync(folder)[0]))).map(decode);
  expect(event.get(2)).toEqual([41]);
  const started = 1;
  expect(message(event, 7).get(1)).toEqual([started]);
});
