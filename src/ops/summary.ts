/** TensorBoard event files, written by TensorFlow's own summary operations. */
import { defineMessages } from '../runtime/protobuf.ts';
import { attribute, runOp, runOps } from './raw.ts';
import { type Tensor, tf } from './tf.ts';

/** A PNG and its size in px. */
export interface SummaryImage {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What we write of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto. */
const eventType = defineMessages({
  Event: [
    ['wallTime', 1, 'double'],
    ['step', 2, 'int64'],
    ['summary', 5, 'Summary'],
    ['sessionLog', 7, 'SessionLog'],
  ],
  Summary: [['value', 1, 'Value[]']],
  Value: [
    ['tag', 1, 'string'],
    ['simpleValue', 2, 'float'],
    ['image', 4, 'Image'],
  ],
  Image: [
    ['height', 1, 'int32'],
    ['width', 2, 'int32'],
    ['colorspace', 3, 'int32'],
    ['encodedImageString', 4, 'bytes'],
  ],
  SessionLog: [['status', 1, 'int32']],
}).lookupType('Event');

/** The one content of an event. */
type Content =
  | { readonly summary: { readonly value: readonly object[] } }
  | { readonly sessionLog: { readonly status: number } };

const RGB = 3;
const SESSION_START = 1;

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
    const value = Object.entries(values).map(([tag, simpleValue]) => ({ tag, simpleValue }));
    this.#write(step, { summary: { value } });
  }

  /** An image under a tag at a step. */
  image(step: number, tag: string, { png, width, height }: SummaryImage): void {
    const image = { height, width, colorspace: RGB, encodedImageString: png };
    this.#write(step, { summary: { value: [{ tag, image }] } });
  }

  /** Says that what earlier files of the folder hold of this step and later ones no longer counts. */
  restart(step: number): void {
    this.#write(step, { sessionLog: { status: SESSION_START } });
  }

  #write(step: number, content: Content): void {
    const event = eventType.encode({ wallTime: Date.now() / 1000, step, ...content }).finish();
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
