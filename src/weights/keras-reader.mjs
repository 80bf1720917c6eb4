/** Reads HDF5 by h5wasm, in plain JavaScript: see keras.ts. */
import { Dataset, File, Group, ready } from 'h5wasm/node';

/** A group can lead back to itself, so that there is no end of them. */
const MAX_GROUPS = 5_000;
const MAX_DEPTH = 32;

/** @typedef {{ shape: number[], data: Float32Array<ArrayBuffer> }} NamedArray */

/** Collects the float32 data sets of one file. */
class Collector {
  /** @type {Map<string, NamedArray>} */
  arrays = new Map();
  #groups = 0;
  #taken = 0;
  #size;

  /** @param {number} size of the file, bytes: so much all arrays together can have, as Keras does not compress them */
  constructor(size) {
    this.#size = size;
  }

  /**
   * @param {Group} group
   * @param {string} prefix
   */
  collect(group, prefix) {
    this.#groups += 1;
    if (this.#groups > MAX_GROUPS || prefix.split('/').length > MAX_DEPTH)
      throw new Error('groups without end');
    for (const key of group.keys()) {
      const entry = group.get(key);
      if (entry instanceof Group) this.collect(entry, `${prefix}${key}/`);
      else if (entry instanceof Dataset && entry.dtype === '<f')
        this.arrays.set(prefix + key, this.#read(entry));
    }
  }

  /** @param {Dataset} entry */
  #read(entry) {
    const shape = [...(entry.shape ?? [])];
    const bytes = 4 * shape.reduce((product, side) => product * side, 1);
    if (!(this.#taken + bytes <= this.#size))
      throw new Error(`arrays larger than the file, shape [${shape}]`);
    const values = entry.value;
    if (!(values instanceof Float32Array) || 4 * values.length !== bytes)
      throw new Error(`no array of shape [${shape}]`);
    this.#taken += bytes;
    return { shape, data: new Float32Array(values) };
  }
}

/**
 * All float32 data sets of an HDF5 file by their paths. Throws an error or a text, h5wasm's, where it is damaged.
 *
 * @param {string} path
 * @param {number} size of the file, bytes
 */
export async function readArrays(path, size) {
  // Without this HDF5 prints a trace of what it finds wrong, and goes on.
  (await ready).activate_throwing_error_handler();
  const file = new File(path, 'r');
  try {
    const collector = new Collector(size);
    collector.collect(file, '');
    return collector.arrays;
  } finally {
    file.close();
  }
}
