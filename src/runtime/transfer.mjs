/** For modules whose functions run on threads, see {@link import('./workers.ts').Threads}. */
import Tinypool from 'tinypool';

/**
 * The value for a function to return, so that the buffers in it are given away rather than copied. They must be whole
 * buffers of their own, which nothing here uses any more.
 *
 * @template T
 * @param {T} value
 * @param {ArrayBufferLike[]} buffers
 * @returns {T}
 */
export function transfer(value, buffers) {
  const movable = { [Tinypool.transferableSymbol]: buffers, [Tinypool.valueSymbol]: value };
  return /** @type {T} */ (/** @type {unknown} */ (Tinypool.move(/** @type {any} */ (movable))));
}
