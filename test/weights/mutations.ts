/** Ways to damage a file, for property tests. */
import { fc } from '../property.ts';

type Edit = (bytes: Buffer) => Buffer;

const replaced = (bytes: Buffer, at: number, gone: number, put: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)]);

/** A place in a file of any length. (`fc.double` draws from all doubles, of which nearly all lie next to 0.) */
const place = fc.nat(2 ** 20 - 1).map((part) => part / 2 ** 20);
const at = (share: number, bytes: Buffer): number => Math.floor(share * bytes.length);

/** One to four of: bits flipped, bytes set, cut off, put in, taken out, repeated, zeroed. */
export const damage: fc.Arbitrary<Edit> = fc
  .array(
    fc.oneof(
      fc.tuple(place, fc.nat(7)).map(([share, bit]): Edit => {
        return (bytes) => {
          if (bytes.length > 0) bytes[at(share, bytes)] ^= 1 << bit;
          return bytes;
        };
      }),
      fc.tuple(place, fc.nat(255)).map(([share, value]): Edit => {
        return (bytes) => {
          if (bytes.length > 0) bytes[at(share, bytes)] = value;
          return bytes;
        };
      }),
      place.map(
        (share): Edit =>
          (bytes) =>
            bytes.subarray(0, at(share, bytes)),
      ),
      fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 40 })).map(
        ([share, put]): Edit =>
          (bytes) =>
            replaced(bytes, at(share, bytes), 0, put),
      ),
      fc.tuple(place, fc.integer({ min: 1, max: 64 })).map(
        ([share, gone]): Edit =>
          (bytes) =>
            replaced(bytes, at(share, bytes), gone, new Uint8Array(0)),
      ),
      fc.tuple(place, place, fc.integer({ min: 1, max: 64 })).map(([from, to, count]): Edit => {
        return (bytes) => {
          const begin = at(from, bytes);
          return replaced(bytes, at(to, bytes), 0, Buffer.from(bytes.subarray(begin, begin + count)));
        };
      }),
      fc.tuple(place, fc.integer({ min: 1, max: 64 })).map(
        ([share, count]): Edit =>
          (bytes) => {
            bytes.subarray(at(share, bytes)).subarray(0, count).fill(0);
            return bytes;
          },
      ),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map(
    (edits): Edit =>
      (bytes) =>
        edits.reduce<Buffer>((state, edit) => edit(state), Buffer.from(bytes)),
  );

/** Numbers that break careless readers. */
export const awkwardNumber = fc.oneof(
  fc.integer({ min: -2, max: 70 }),
  fc.constantFrom(-0, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 - 1, 2 ** 63, 1e308, -1, -(2 ** 40)),
);

/** Any JSON value, awkward numbers among them. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  awkwardNumber,
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(awkwardNumber, { maxLength: 20 }),
  fc.nat(300).map((depth) => nested(depth)),
);

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}
