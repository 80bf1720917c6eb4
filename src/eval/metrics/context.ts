import type { Config } from '../../config/schema.ts';
import type { Reporter } from '../../runtime/progress.ts';

/** What a metric is created with. */
export interface MetricContext {
  /** Folder of the user's weight files, for example `weights`. */
  readonly weights: string;
  readonly reporter: Reporter;
  /** How sketches were made of the photos (`data.edges` of the run): those of results are made likewise. */
  readonly edges: Config['data']['edges'];
}
