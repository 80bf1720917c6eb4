import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a minute or more although they are short. */
const long =
  /\/(cli\/methods|train\/xla|train\/resume|bench\/bench|package\/package|cli\/adding-a-method)\.test\.ts$/;

/** Starts long files first, so that no process is left with one when the others have ended. */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // Vitest's order: by the time that they took before, or by their size.
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
