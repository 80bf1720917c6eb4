/** What benchmarks found, ready to be pasted into a document. */
import { FINDING_HEAD, type Finding, findingRow, reached } from './finding.ts';
import type { Peak } from './peak.ts';
import type { Sweep } from './scaling.ts';
import { peakLine, scalingTable } from './scaling-table.ts';

/** What one benchmark found, as the JSON file has it. */
export interface Result {
  readonly benchmark: string;
  readonly resolution: number;
  readonly batch: number;
  readonly findings: readonly Finding[];
}

export interface Scaling {
  readonly peak: Peak;
  readonly sweeps: readonly Sweep[];
}

/**
 * A table of what has a target, one of all that was found, and those of how cost grows.
 *
 * @param machine what it was measured on, in a line. @param plot the file of the picture, beside the document.
 */
export function markdownReport(
  machine: string,
  results: readonly Result[],
  scaling?: Scaling & { plot: string },
): string {
  const named = results.flatMap((result) =>
    result.findings.map((finding) => ({ name: resultTitle(result), finding })),
  );
  const withTarget = named.filter(({ finding }) => reached(finding) !== undefined);
  const rows = (of: typeof named) => of.map(({ name, finding }) => [name, ...findingRow(finding)]);
  const lines = [`Measured on ${machine}.`];
  if (withTarget.length > 0) lines.push('', ...markdownTable(['', ...FINDING_HEAD], rows(withTarget)));
  if (named.length > 0) lines.push('', ...markdownTable(['', ...FINDING_HEAD], rows(named)));
  if (scaling) {
    lines.push('', `![How time and memory grow](${scaling.plot})`, '', peakLine(scaling.peak));
    for (const sweep of scaling.sweeps) {
      const { title, head, rows: cells } = scalingTable(sweep, scaling.peak);
      lines.push('', `${title}:`, '', ...markdownTable(head, cells));
    }
  }
  return `${lines.join('\n')}\n`;
}

export const resultTitle = ({ benchmark, resolution, batch }: Omit<Result, 'findings'>): string =>
  `${benchmark}, ${resolution} px, batch ${batch}`;

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
