/** The element types of PyTorch's storages, and what becomes of them here. */
import { widenFloat16 } from '../float16.ts';

/** Floating-point elements become single precision; integers and booleans numbers. */
export type TensorValues = Float32Array | Float64Array;

export interface ElementType {
  /** As PyTorch prints it, without `torch.`. */
  readonly name: string;
  readonly bytes: 1 | 2 | 4 | 8;
  /** Elements of little-endian bytes, which it may use up. */
  decode(bytes: ArrayBuffer): TensorValues;
}

const type = (name: string, bytes: ElementType['bytes'], decode: ElementType['decode']): ElementType => ({
  name,
  bytes,
  decode,
});

/** By the name of the storage class in the module `torch`. */
export const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ['FloatStorage', type('float32', 4, (bytes) => new Float32Array(bytes))],
  ['DoubleStorage', type('float64', 8, (bytes) => Float32Array.from(new Float64Array(bytes)))],
  ['HalfStorage', type('float16', 2, (bytes) => widenFloat16(new Uint16Array(bytes)))],
  ['BFloat16Storage', type('bfloat16', 2, (bytes) => widenBfloat16(new Uint16Array(bytes)))],
  ['LongStorage', type('int64', 8, (bytes) => Float64Array.from(new BigInt64Array(bytes), Number))],
  ['IntStorage', type('int32', 4, (bytes) => Float64Array.from(new Int32Array(bytes)))],
  ['ShortStorage', type('int16', 2, (bytes) => Float64Array.from(new Int16Array(bytes)))],
  ['CharStorage', type('int8', 1, (bytes) => Float64Array.from(new Int8Array(bytes)))],
  ['ByteStorage', type('uint8', 1, (bytes) => Float64Array.from(new Uint8Array(bytes)))],
  [
    'BoolStorage',
    type('bool', 1, (bytes) => Float64Array.from(new Uint8Array(bytes), (value) => value && 1)),
  ],
]);

/** The upper halves of single-precision numbers. */
function widenBfloat16(halves: Uint16Array): Float32Array {
  const bits = Uint32Array.from(halves, (half) => half * 2 ** 16);
  return new Float32Array(bits.buffer);
}
