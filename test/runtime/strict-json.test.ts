import { expect, it } from 'vitest';
import { parseJson } from '../../src/runtime/strict-json.ts';
import { fc } from '../property.ts';

it('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      expect(parseJson(spaced)).toEqual(JSON.parse(text));
    }),
    { seed: 1, numRuns: 1000 },
  );
});

it.each([
  ['{"a":1,"b":{"a":2},"a":3}', /"a" twice/],
  ['[{"b" :1,\n"c":[{"b":1}],"b"\t: 2}]', /"b" twice/],
  ['{"a":1,"\\u0061":2}', /twice/],
  ['{"\\"":1,"x":"\\",:","\\"":2}', /twice/],
  ['{"__proto__":1,"__proto__":2}', /twice/],
  ['['.repeat(100) + ']'.repeat(100), /deeper than 64/],
  ['['.repeat(1e6) + ']'.repeat(1e6), /deeper|stack/],
  ['{"a":', /JSON/],
])('refuses %.40s', (text, message) => {
  expect(() => parseJson(text)).toThrow(message);
});

it('a name may come again elsewhere, and as a value', () => {
  const text = '{"a":["a","a",{"a":"a"}],"b":{"a":"b"},"c":"a"}';
  expect(parseJson(text)).toEqual(JSON.parse(text));
});
