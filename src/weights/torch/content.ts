import type { PickleValue } from './pickle-values.ts';

/** Each pickle ends before so many bytes; a hundred thousand tensors need less. */
export const MAX_PICKLE_BYTES = 2 ** 25;

/** An object of either form with its storages' places. */
export interface TorchContent {
  readonly value: PickleValue;
  /** Offset in the file of a storage's first byte, by its key. */
  readonly starts: ReadonlyMap<string, number>;
  readonly bigEndian: boolean;
}
