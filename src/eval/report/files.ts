/** The files of a report. They appear together, when all of them are complete. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, temporaryName, writeSynced } from '../../runtime/files.ts';
import type { Report } from './report.ts';

/** Writes texts, by file name, into a folder (made if it is missing). Files of these names stay until all texts are written. */
export async function writeTogether(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  const parts = Object.entries(files).map(([name, text]) => {
    const path = join(folder, name);
    return { path, text, temporary: temporaryName(path) };
  });
  try {
    for (const { temporary, text } of parts) await writeSynced(temporary, (file) => file.writeFile(text));
    for (const { temporary, path } of parts) await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    for (const { temporary } of parts) await rm(temporary, { force: true });
    throw error;
  }
}

/** `metrics.json`, with one line for each row: so people and `diff` can read it. */
export function reportJson(report: Report): string {
  const { rows, differences, bestL, ...rest } = report;
  const list = (items: readonly object[]) =>
    items.length === 0 ? '[]' : `[\n${items.map((item) => `  ${JSON.stringify(item)}`).join(',\n')}\n ]`;
  const head = JSON.stringify(rest, null, 1).slice(0, -2);
  return `${head},\n "rows": ${list(rows)},\n "differences": ${list(differences)},\n "bestL": ${list(bestL)}\n}\n`;
}

/** `metrics.csv` (RFC 4180): the rows of `metrics.json`, then its differences, which are rows with a reference. */
export function reportCsv({ rows, differences }: Report): string {
  const head = [
    'method',
    'reference',
    'd',
    'l',
    'hole',
    'size_from',
    'size_below',
    'metric',
    'region',
    'mean',
    'low',
    'high',
    'count',
  ];
  const lines = [
    ...rows.map((row) => ({ ...row, reference: null })),
    ...differences.map((row) => ({ ...row, hole: null, size: null })),
  ].map(({ method, reference, d, l, hole, size, metric, region, mean, low, high, count }) =>
    [method, reference, d, l, hole, size?.[0], size?.[1], metric, region, mean, low, high, count]
      .map(csvCell)
      .join(','),
  );
  return `${[head.join(','), ...lines].join('\r\n')}\r\n`;
}

function csvCell(value: string | number | null | undefined): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
