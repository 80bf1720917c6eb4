import type { Precision } from '../graph/tfjs/graph-model.ts';
import type { Origin } from './origin.ts';
import type { PRODUCER } from './producer.ts';
import type { Proof } from './proof.ts';

/** What stands in `export.json`. */
export interface ExportReport {
  readonly formatVersion: 1;
  readonly producer: typeof PRODUCER;
  readonly precision: Precision;
  readonly origin: Origin;
  readonly proofs: readonly Proof[];
  /** By path in the export; all but `export.json` and `README.md`. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}
