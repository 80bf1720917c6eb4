/** Finds where a key of the configuration was written: `configs/a.yaml:3: data.ahead` or `--set data.workers`. */
export type Locate = (path: readonly PropertyKey[]) => string;
