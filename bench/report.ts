/** What benchmarks find, as tables for people. */
import { table } from '../src/train/plan.ts';

export interface Finding {
  readonly label: string;
  readonly value: number;
  readonly unit: string;
  /** Bounds of its spread; the label says of which kind where it is not quartiles. */
  readonly low?: number;
  readonly high?: number;
  /** The target: the value is to be at least or at most this. */
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
}

/** Whether a finding reaches its target; undefined without one. */
export function reached({ value, atLeast, atMost }: Finding): boolean | undefined {
  if (atLeast === undefined && atMost === undefined) return undefined;
  return value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);
}

/** What heads the columns of {@link findingRow}. */
export const FINDING_HEAD: readonly string[] = ['', 'median', 'spread', 'target', 'reached'];

export function findingRow(finding: Finding): string[] {
  const { label, value, unit, low, high } = finding;
  return [
    label,
    `${digits(value)}${unit && ` ${unit}`}`,
    low === undefined ? '' : `${digits(low)} to ${digits(high!)}`,
    target(finding),
    { true: 'yes', false: 'NO', undefined: '' }[String(reached(finding)) as 'true' | 'false' | 'undefined'],
  ];
}

/** Lines of a table, a finding each. */
export const findingsTable = (findings: readonly Finding[]): string[] =>
  table(FINDING_HEAD, findings.map(findingRow));

function target({ atLeast, atMost }: Finding): string {
  if (atLeast !== undefined) return `at least ${atLeast}`;
  return atMost === undefined ? '' : `at most ${atMost}`;
}

/** Three digits, or all of a whole number's. */
export const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Lines of a table in Markdown. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
