/**
 * TensorBoard event files, written by TensorFlow's own summary operations. The events are protocol buffers
 * (tensorflow/core/util/event.proto, framework/summary.proto), of which we need a few fields.
 */
import { attribute, runOp, runOps } from './raw.ts';
import { type Tensor, tf } from './tf.ts';

/** A PNG and its size in px. */
export interface SummaryImage {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export class SummaryWriter {
  readonly #writer: Tensor;

  /** Opens a new event file in `folder`, which must exist. Several writers may use one folder one after another. */
  constructor(folder: string) {
    // The resource is found by its name, and a closed one is not opened again: so each writer gets its own.
    const name = `${folder}#${process.hrtime.bigint()}`;
    this.#writer = runOp(
      'SummaryWriter',
      [attribute.string('shared_name', name), attribute.string('container', '')],
      [],
    );
    tf.tidy(() => {
      const queue = tf.scalar(100, 'int32');
      const flushMilliseconds = tf.scalar(10_000, 'int32');
      const inputs = [this.#writer, tf.scalar(folder), queue, flushMilliseconds, tf.scalar('')];
      runOps('CreateSummaryFileWriter', [], inputs, 0);
    });
  }

  /** Numbers by tag at a step. */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    this.#write(
      step,
      Object.entries(values).map(([tag, value]) => [text(1, tag), float(2, value)]),
    );
  }

  /** An image under a tag at a step. */
  image(step: number, tag: string, { png, width, height }: SummaryImage): void {
    const colourChannels = 3;
    const image = Buffer.concat([
      integer(1, height),
      integer(2, width),
      integer(3, colourChannels),
      bytes(4, png),
    ]);
    this.#write(step, [[text(1, tag), bytes(4, image)]]);
  }

  /** Says that what earlier files of the folder hold of this step and later ones no longer counts. */
  restart(step: number): void {
    const started = 1;
    const sessionLog = 7;
    this.#import(step, bytes(sessionLog, integer(1, started)));
  }

  #write(step: number, values: Buffer[][]): void {
    const summary = Buffer.concat(values.map((fields) => bytes(1, Buffer.concat(fields))));
    this.#import(step, bytes(5, summary));
  }

  #import(step: number, content: Buffer): void {
    const event = Buffer.concat([double(1, Date.now() / 1000), integer(2, step), content]);
    tf.tidy(() => {
      // A string tensor takes bytes as they are.
      const record = tf.scalar(new Uint8Array(event) as unknown as string, 'string');
      runOps('ImportEvent', [], [this.#writer, record], 0);
    });
  }

  /** Puts everything written so far into the file. */
  flush(): void {
    runOps('FlushSummaryWriter', [], [this.#writer], 0);
  }

  close(): void {
    runOps('CloseSummaryWriter', [], [this.#writer], 0);
    this.#writer.dispose();
  }
}

// Protocol buffers' wire format: a key (field number and wire type), then the value.

function varint(value: number): Buffer {
  const result: number[] = [];
  while (value >= 128) {
    result.push((value % 128) | 128);
    value = Math.floor(value / 128);
  }
  return Buffer.from([...result, value]);
}

const key = (field: number, wireType: 0 | 1 | 2 | 5): Buffer => Buffer.from([(field << 3) | wireType]);

const integer = (field: number, value: number): Buffer => Buffer.concat([key(field, 0), varint(value)]);

function double(field: number, value: number): Buffer {
  const data = Buffer.alloc(8);
  data.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), data]);
}

function float(field: number, value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return Buffer.concat([key(field, 5), data]);
}

function bytes(field: number, value: Uint8Array): Buffer {
  return Buffer.concat([key(field, 2), varint(value.length), value]);
}

const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));
