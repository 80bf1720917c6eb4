/** CRC-32C (Castagnoli's polynomial), which TensorFlow's files use; Node's zlib has CRC-32 only. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  return value;
});

/** The check sum of bytes as TensorFlow stores it: turned and shifted (tensorflow/core/lib/hash/crc32c.h, Mask). */
export function maskedCrc32c(bytes: Uint8Array): number {
  let value = -1;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  value = ~value;
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}
