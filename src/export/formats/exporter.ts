import type { Computation } from '../../core/computation.ts';
import type { Graph } from '../../graph/graph.ts';
import type { LayersModel } from '../../ops/tf.ts';
import type { Precision } from '../../weights/float16.ts';
import type { Case, Proof } from '../proof.ts';
import type { Metadata } from '../report.ts';

/** The computation to export. Graph and cases are made at their first use, because not every format needs them. */
export interface ExportSource {
  readonly computation: Computation;
  readonly graph: () => Graph;
  readonly cases: () => readonly Case[];
  /** One network of the computation as a source of its own. */
  readonly network: (network: LayersModel) => ExportSource;
}

interface FormatOptions {
  /** Where the format's files go; paths in the export begin here. */
  readonly folder: string;
  readonly precision: Precision;
  /** What the model is and where it comes from, for formats that can say so. */
  readonly description: string;
  readonly metadata: Metadata;
}

/** Writes a computation's files and proves them equal to it, reading back what was written. */
export type Exporter = (source: ExportSource, options: FormatOptions) => Promise<Proof[]>;
