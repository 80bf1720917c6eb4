/** What benchmarks find, as a table for people and as JSON. */
import { table } from '../../train/plan.ts';

export interface Finding {
  readonly label: string;
  readonly value: number;
  readonly unit: string;
  /** Bounds of its spread; the label says of which kind where it is not quartiles. */
  readonly low?: number;
  readonly high?: number;
  /** The target: the value is to be at least or at most this. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Whether a finding reaches its target; undefined without one. */
export function reached({ value, atLeast, atMost }: Finding): boolean | undefined {
  if (atLeast === undefined && atMost === undefined) return undefined;
  return value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);
}

/** Lines of a table, a finding each. */
export function findingsTable(findings: readonly Finding[]): string[] {
  const rows = findings.map((finding) => [
    finding.label,
    `${digits(finding.value)}${finding.unit && ` ${finding.unit}`}`,
    finding.low === undefined ? '' : `${digits(finding.low)} to ${digits(finding.high!)}`,
    target(finding),
    { true: 'yes', false: 'NO', undefined: '' }[String(reached(finding)) as 'true' | 'false' | 'undefined'],
  ]);
  return table(['', 'median', 'spread', 'target', 'reached'], rows);
}

function target({ atLeast, atMost }: Finding): string {
  if (atLeast !== undefined) return `at least ${atLeast}`;
  return atMost === undefined ? '' : `at most ${atMost}`;
}

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
