/** Reads a trace of Chromium's. */

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** CPU time of a task's thread, microseconds. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** The most CPU time that one task of a page's main thread took, ms. */
export function longestMainTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent) => `${pid}:${tid}`;
  const isMain = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(thread),
  );
  const times = traceEvents
    .filter((event) => event.ph === 'X' && isMain.has(thread(event)))
    .map(({ tdur = 0 }) => tdur / 1000);
  if (times.length < 100) throw new Error(`The trace has only ${times.length} tasks of a main thread.`);
  return Math.max(...times);
}
