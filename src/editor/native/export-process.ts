/**
 * A process that exports a checkpoint's whole path as ONNX: `export-entry.mjs CHECKPOINT FOLDER`. Predictions go on in
 * theirs meanwhile.
 */
import { exportModel } from '../../export/export.ts';
import { loadMethod } from '../../models/load.ts';
import { silent } from '../../runtime/progress.ts';

const [checkpoint, out] = process.argv.slice(2) as [string, string];
const stop = new AbortController();
process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => {});

try {
  const loaded = await loadMethod(checkpoint);
  await exportModel(loaded, {
    formats: ['onnx'],
    precision: 'fp32',
    network: 'pipeline',
    out,
    reporter: silent,
    signal: stop.signal,
  });
  process.exit(0);
} catch (error) {
  process.send?.(error instanceof Error ? error.message : String(error), undefined, undefined, () =>
    process.exit(1),
  );
}
