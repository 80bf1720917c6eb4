import type { Graph } from '../../graph/graph.ts';
import type { Precision } from '../../graph/tfjs/graph-model.ts';
import type { LayersModel } from '../../ops/tf.ts';
import type { Case } from '../cases.ts';
import type { Computation } from '../computation.ts';
import type { Metadata } from '../metadata.ts';
import type { Proof } from '../proof.ts';

/** A computation that is to be written, with what several formats need of it, made when asked for. */
export interface Subject {
  readonly computation: Computation;
  readonly graph: () => Graph;
  readonly cases: () => readonly Case[];
  /** One network of the computation as a subject of its own. */
  readonly network: (network: LayersModel) => Subject;
}

export interface ExportOptions {
  /** Where the format's files go; paths in the export begin here. */
  readonly folder: string;
  readonly precision: Precision;
  /** What the model is and where it comes from, for formats that can say so. */
  readonly description: string;
  readonly metadata: Metadata;
}

/** Writes a computation's files and proves them equal to it, reading back what was written. */
export type Exporter = (subject: Subject, options: ExportOptions) => Promise<Proof[]>;
