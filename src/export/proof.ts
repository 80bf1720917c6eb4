/** The comparison of an export with its source, which decides whether the export is kept. */
import type { Values } from '../graph/onnx/session.ts';
import type { Precision } from '../graph/tfjs/graph-model.ts';
import { UserError } from '../runtime/errors.ts';
import type { Case } from './cases.ts';

/** Absolute differences between source and export, over all cases. */
export interface Difference {
  readonly max: number;
  readonly mean: number;
  /** The source's largest number, or 1 if that is larger. */
  readonly scale: number;
}

export interface Proof {
  readonly network: string;
  /** For example `onnx`. */
  readonly format: string;
  /** What ran the export. */
  readonly runtime: string;
  /** Of the largest difference, as a part of the output's scale: for images and sketches that is 1. */
  readonly tolerance: number;
  /** By output. */
  readonly outputs: Readonly<Record<string, Difference>>;
  /** How long the last case took, when everything was warm: the source on the native engine, and the export, s. */
  readonly seconds?: { readonly source: number; readonly exported: number };
}

/** Runs an exported model. */
export interface Runner {
  run(inputs: Readonly<Record<string, Values>>): Promise<Record<string, Values>>;
  close(): Promise<void>;
}

/** The largest difference that an export may have, see {@link Proof.tolerance}. */
export const toleranceOf = (precision: Precision): number => (precision === 'fp16' ? 2e-2 : 1e-4);

/** Runs an export on every case and compares. Closes the runner. */
export async function compareOutputs(
  cases: readonly Case[],
  runner: Runner,
): Promise<Pick<Proof, 'outputs' | 'seconds'>> {
  const totals = new Map<string, Total>();
  let seconds = 0;
  try {
    for (const { inputs, expected } of cases) {
      const begin = performance.now();
      const actual = await runner.run(inputs);
      seconds = (performance.now() - begin) / 1000;
      for (const [name, values] of Object.entries(expected)) {
        const total = totals.get(name) ?? { max: 0, sum: 0, count: 0, scale: 1 };
        totals.set(name, total);
        add(total, values, actual[name]);
      }
    }
  } finally {
    await runner.close();
  }
  const outputs = [...totals].map(
    ([name, { sum, count, ...rest }]) => [name, { ...rest, mean: sum / count }] as const,
  );
  return {
    outputs: Object.fromEntries(outputs),
    seconds: { source: cases.at(-1)!.seconds, exported: seconds },
  };
}

interface Total {
  max: number;
  sum: number;
  count: number;
  scale: number;
}

function add(total: Total, a: Values, b: Values | undefined): void {
  if (String(a.shape) !== String(b?.shape)) {
    total.max = Number.POSITIVE_INFINITY;
    return;
  }
  for (let i = 0; i < a.data.length; i++) {
    const difference = Math.abs(a.data[i] - b!.data[i]);
    // A number that is none is as far off as can be.
    total.max = Math.max(total.max, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    total.sum += difference;
    total.scale = Math.max(total.scale, Math.abs(a.data[i]));
  }
  total.count += a.data.length;
}

/** Throws a UserError when an export differs from its source by more than its tolerance. */
export function requireEqual({ network, format, tolerance, outputs }: Proof): void {
  for (const [name, { max, scale }] of Object.entries(outputs)) {
    if (max <= tolerance * scale) continue;
    throw new UserError(
      'The exported model does not compute what the checkpoint does; nothing was written.',
      {
        where: `${network} as ${format}: ${name}`,
        expected: `differences of at most ${tolerance * scale}`,
        got: String(max),
        fix:
          tolerance > 1e-3
            ? 'export with --precision fp32'
            : 'please report this, with the checkpoint’s config.yaml',
      },
    );
  }
}

/** A proof in a line for each output. */
export function describeProof({ network, format, runtime, outputs, seconds }: Proof): string[] {
  const lines = Object.entries(outputs).map(
    ([name, { max, mean }]) =>
      `${network}, ${format}: ${name} differs by ${max.toExponential(1)} at most, ${mean.toExponential(1)} on average`,
  );
  if (!seconds) return lines;
  const ratio = seconds.exported / seconds.source;
  const times = `${seconds.exported.toFixed(2)} s, native engine ${seconds.source.toFixed(2)} s`;
  return [...lines, `${network}, ${format}: three samples by ${runtime} ${times}: ratio ${ratio.toFixed(2)}`];
}
