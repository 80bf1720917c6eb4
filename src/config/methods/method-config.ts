/** What the configuration of a method says beside its keys. */
import type { WeightFile } from '../feature-network.ts';
import type { Locate } from '../locate.ts';

export interface MethodConfig<Config> {
  /** The method's name for people. */
  readonly title: string;
  /** Its paper, as Markdown. */
  readonly paper: string;
  /** Throws a UserError when values contradict each other. Returns warnings about what is allowed but seldom meant. */
  check(config: Config, locate: Locate): string[];
  /** Files that its training needs. */
  weightFiles(config: Config): WeightFile[];
}
