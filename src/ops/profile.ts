/** What TensorFlow does and when, for people: a trace that Chrome (chrome://tracing) and Perfetto draw. */
import { defineMessages } from '../runtime/protobuf.ts';
import { nativeBackend } from './raw.ts';

/** What we read of tsl/profiler/protobuf/xplane.proto. */
const spaceType = defineMessages({
  XSpace: [['planes', 1, 'XPlane[]']],
  XPlane: [
    ['name', 2, 'string'],
    ['lines', 3, 'XLine[]'],
    // A protocol buffer's map is a list of such entries.
    ['eventMetadata', 4, 'MetadataEntry[]'],
  ],
  MetadataEntry: [
    ['key', 1, 'int64'],
    ['value', 2, 'XEventMetadata'],
  ],
  XEventMetadata: [['name', 2, 'string']],
  XLine: [
    ['name', 2, 'string'],
    ['timestampNs', 3, 'int64'],
    ['events', 4, 'XEvent[]'],
  ],
  XEvent: [
    ['metadataId', 1, 'int64'],
    ['offsetPs', 2, 'int64'],
    ['durationPs', 3, 'int64'],
  ],
}).lookupType('XSpace');

interface Space {
  readonly planes: readonly {
    readonly name: string;
    readonly lines: readonly {
      readonly name: string;
      readonly timestampNs: number;
      readonly events: readonly {
        readonly metadataId: number;
        readonly offsetPs: number;
        readonly durationPs: number;
      }[];
    }[];
    readonly eventMetadata: readonly { readonly key: number; readonly value: { readonly name: string } }[];
  }[];
}

/** An entry of a trace, in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: 'X';
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
}

export interface Profile {
  /** The trace, as JSON. */
  readonly trace: string;
  /** Milliseconds in each kind of operation, summed over threads, the longest first. */
  readonly operations: readonly (readonly [operation: string, milliseconds: number, calls: number])[];
}

/** Has TensorFlow note what runs. One profile at a time. @returns what ends it. */
export function startProfile(): () => Profile {
  const { binding } = nativeBackend();
  binding.startProfile();
  return () => read(binding.stopProfile());
}

function read(bytes: Uint8Array): Profile {
  const options = { longs: Number, arrays: true, defaults: true };
  const { planes } = spaceType.toObject(spaceType.decode(bytes), options) as unknown as Space;
  const events: TraceEvent[] = [];
  const names: object[] = [];
  const sums = new Map<string, { milliseconds: number; calls: number }>();
  let thread = 0;
  for (const [pid, { name: process, lines, eventMetadata }] of planes.entries()) {
    const known = new Map(eventMetadata.map(({ key, value }) => [key, value.name]));
    names.push({ name: 'process_name', ph: 'M', pid, args: { name: process } });
    for (const { name: line, timestampNs, events: ofLine } of lines) {
      thread += 1;
      names.push({ name: 'thread_name', ph: 'M', pid, tid: thread, args: { name: line } });
      for (const { metadataId, offsetPs, durationPs } of ofLine) {
        const name = known.get(metadataId) ?? 'unknown';
        events.push({
          name,
          ph: 'X',
          pid,
          tid: thread,
          ts: timestampNs / 1e3 + offsetPs / 1e6,
          dur: durationPs / 1e6,
        });
        // TensorFlow calls an operation NODE:OP.
        const operation = /^[^#]*:(\w+)(#|$)/.exec(name)?.[1];
        if (operation === undefined) continue;
        const sum = sums.get(operation) ?? { milliseconds: 0, calls: 0 };
        sums.set(operation, { milliseconds: sum.milliseconds + durationPs / 1e9, calls: sum.calls + 1 });
      }
    }
  }
  const operations = [...sums].map(
    ([operation, { milliseconds, calls }]) => [operation, milliseconds, calls] as const,
  );
  return {
    trace: JSON.stringify({ traceEvents: [...names, ...events] }),
    operations: operations.sort((a, b) => b[1] - a[1]),
  };
}
