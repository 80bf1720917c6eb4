/** Every opcode of a pickle, and what it does to values; https://docs.python.org/3/library/pickletools.html */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/runtime/errors.ts';
import { FileBytes } from '../../../src/runtime/files.ts';
import {
  PickleFunction,
  PickleInput,
  PickleOpaque,
  PickleTuple,
  unpickle,
} from '../../../src/weights/pytorch/pickle.ts';
import { temporaryFolder } from '../../data/support.ts';
import { bytes } from './samples.ts';

const path = join(await temporaryFolder(), 'a.pkl');

/** A call of `known.NAME` gives its arguments after the name; other names are opaque. */
const vocabulary = {
  global: (module: string, name: string) =>
    module === 'known'
      ? new PickleFunction(name, (args) => [name, ...args])
      : new PickleOpaque(`${module}.${name}`),
  persistent: (id: unknown) => ['stored', id as string],
};

function load(...parts: (Uint8Array | string | number)[]) {
  writeFileSync(path, bytes(...parts));
  const file = new FileBytes(path, 'pickle');
  try {
    return unpickle(new PickleInput(file, 0, file.size), vocabulary);
  } finally {
    file.close();
  }
}

type Parts = (Uint8Array | string | number)[];
const tuple = (...items: (number | string | PickleTuple)[]) => new PickleTuple(items);
/** Four and eight bytes, little-endian. */
const four = (value: number) => bytes(value, 0, 0, 0);
const eight = (value: number) => bytes(value, 0, 0, 0, 0, 0, 0, 0);
const one = bytes('K', 1);
const two = bytes('K', 2);

describe('what opcodes make', () => {
  it.each<[string, Parts, unknown]>([
    ['None', ['N'], null],
    ['true', [0x88], true],
    ['false', [0x89], false],
    ['four bytes with a sign', ['J', 0xfe, 0xff, 0xff, 0xff], -2],
    ['a byte', ['K', 200], 200],
    ['two bytes', ['M', 1, 2], 513],
    ['an integer of no bytes', [0x8a, 0], 0],
    ['a negative integer', [0x8a, 2, 0x00, 0x80], -32768],
    ['an integer of any length', [0x8b, four(9), 0, 0, 0, 0, 0, 0, 0, 0, 1], 2n ** 64n],
    ['a number, big-endian', ['G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    ['a text', ['X', four(2), 0xc3, 0xa4], 'ä'],
    ['a short text', [0x8c, 1, 'a'], 'a'],
    ['a long text', [0x8d, eight(1), 'a'], 'a'],
    ['an old text', ['T', four(1), 'a'], 'a'],
    ['a short old text', ['U', 1, 'a'], 'a'],
    ['bytes', ['B', four(2), 1, 2], Uint8Array.of(1, 2)],
    ['short bytes', ['C', 2, 1, 2], Uint8Array.of(1, 2)],
    ['long bytes', [0x8e, eight(2), 1, 2], Uint8Array.of(1, 2)],
    ['an array of bytes', [0x96, eight(2), 1, 2], Uint8Array.of(1, 2)],
    ['an item of a list', [']', one, 'a', two, 'a'], [1, 2]],
    ['items of a list', ['](', one, two, 'e'], [1, 2]],
    ['an empty tuple', [')'], tuple()],
    ['a tuple of one', [one, two, 0x85], tuple(2)],
    ['a tuple of two', ['N', one, two, 0x86], tuple(1, 2)],
    ['a tuple of three', [one, two, one, 0x87], tuple(1, 2, 1)],
    ['a tuple since a mark', ['N(', one, two, 't'], tuple(1, 2)],
    ['an item of a dictionary', ['}', one, two, 's'], new Map([[1, 2]])],
    [
      'items of a dictionary',
      ['}(', one, two, two, one, 'u'],
      new Map([
        [1, 2],
        [2, 1],
      ]),
    ],
    ['a set', [0x8f, '(', one, two, 0x90], [1, 2]],
    ['a frozen set', ['(', one, 0x91], tuple(1)],
    ['a remembered value', [one, 'q', 3, '0', 'h', 3], 1],
    ['one with a long number', [one, 'r', four(3), '0', 'j', four(3)], 1],
    [
      'values remembered in turn',
      [one, 0x94, two, 0x94, 0x86, 'h', 0, 'h', 1, 0x87],
      tuple(tuple(1, 2), 1, 2),
    ],
    ['a value that is dropped', [one, two, '0'], 1],
    ['values that are dropped with their mark', [one, '(', two, two, '1'], 1],
    ['a value twice', [two, one, '2', 0x86], tuple(1, 1)],
    ['a protocol and a frame', [0x80, 5, 0x95, eight(3), one], 1],
    ['a call', ['cknown\nf\n', one, 0x85, 'R'], ['f', 1]],
    ['a call of a name on the stack', [0x8c, 5, 'known', 0x8c, 1, 'f', 0x93, ')R'], ['f']],
    ['a new object', ['cknown\nf\n', one, 0x85, 0x81], ['f', 1]],
    ['a new object with arguments by name', ['cknown\nf\n', one, 0x85, '}', 0x92], ['f', 1]],
    ['what is stored elsewhere', [one, 'Q'], ['stored', 1]],
    ['a dictionary whose attributes are dropped', ['}', one, two, 's', 'Nb'], new Map([[1, 2]])],
  ])('%s', (_, parts, expected) => {
    expect(load(...parts, '.')).toEqual(expected);
  });

  it('what is not known takes calls, items and attributes, and keeps nothing', () => {
    const call = ['cos\nsystem\n', one, 0x85, 'R'];
    const filled = load(...call, one, 'a', '(', one, 'e', one, two, 's', '(', one, two, 'u', 'Nb.');
    expect(filled).toBeInstanceOf(PickleOpaque);
    expect((filled as PickleOpaque).description).toBe('os.system');
  });
});

describe('what is read in pieces', () => {
  it.each([2 ** 16 - 3, 2 ** 16 - 2, 2 ** 16 - 1, 2 ** 16, 2 ** 17])('a text of %i bytes', (length) => {
    const text = 'x'.repeat(length);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(length);
    expect(load('X', size, text, 'M', 1, 2, 0x86, '.')).toEqual(tuple(text, 513));
  });

  it('many short values', () => {
    const count = 40_000;
    expect(load('](', Buffer.alloc(3 * count, bytes('M', 1, 2)), 'e.')).toEqual(Array(count).fill(513));
  });
});

describe('what is refused', () => {
  it.each<[string, Parts, RegExp]>([
    ['a newer protocol', [0x80, 6, one], /protocol 6/],
    ['the end without a value', [], /a value before offset 1 of the pickle[\s\S]*an empty stack/],
    ['nothing to remember', [0x94], /an empty stack/],
    ['nothing to double', ['2'], /an empty stack/],
    ['no mark', [']', one, 'e'], /a mark before[\s\S]*none/],
    ['a mark that is taken already', [one, '(', 't', 't'], /a mark before/],
    ['what was not remembered', ['h', 9], /remembered as 9/],
    ['a call without a tuple', ['cknown\nf\n', one, 'R'], /a tuple[\s\S]*got: *1/],
    ['a call of a number', [one, ')R'], /a function[\s\S]*got: *1/],
    ['a name that is no text', [one, 0x8c, 1, 'f', 0x93], /a name[\s\S]*got: *1/],
    ['a module that is no text', [0x8c, 1, 'f', one, 0x93], /a name[\s\S]*got: *1/],
    ['an item of None', ['N', one, 'a'], /a list[\s\S]*got: *None/],
    ['an item of a tuple', [')', one, two, 's'], /a dictionary[\s\S]*a tuple of 0/],
    ['a key without its value', ['}(', one, two, one, 'u'], /keys with values[\s\S]*3 items/],
    ['attributes of a list', ['](', one, one, 'e', 'Nb'], /a dictionary[\s\S]*a list of 2/],
    ['attributes of bytes', ['C', 2, 1, 2, 'Nb'], /a dictionary[\s\S]*2 bytes/],
    ['attributes of a text', [0x8c, 2, 'a"', 'Nb'], /a dictionary[\s\S]*"a\\""/],
    ['an item of a dictionary', ['}', one, two, 's', one, 'a'], /a list[\s\S]*a dictionary of 1/],
    ['an item of a name', ['cknown\nf\n', one, 'a'], /a list[\s\S]*got: *f\n/],
    ['an integer of 65 bytes', [0x8a, 65, Buffer.alloc(65)], /an integer of at most 64 bytes/],
  ])('%s', (_, parts, message) => {
    expect(() => load(...parts, '.')).toThrow(UserError);
    expect(() => load(...parts, '.')).toThrow(message);
  });

  it('a pickle without an end', () => {
    expect(() => load(one)).toThrow(/1 bytes at offset 2[\s\S]*end after 0/);
    expect(() => load('X', four(5), 'abcd')).toThrow(/5 bytes at offset 5[\s\S]*end after 4/);
  });

  it('more values or more lists than any state dict has', () => {
    expect(() => load(Buffer.alloc(2_000_001, 'N'), '.')).toThrow(/at most 2000000 values/);
    expect(load(Buffer.alloc(2_000_000, 'N'), '.')).toBe(null);
    expect(() => load(Buffer.alloc(500_001, ']'), '.')).toThrow(/at most 500000 lists/);
    expect(() => load(Buffer.alloc(500_001, '('), 'N.')).toThrow(/at most 500000 lists/);
    expect(load(Buffer.alloc(500_000, ']'), '.')).toEqual([]);
    expect(() => load('N', Buffer.alloc(2_000_001, 0x94), '.')).toThrow(/at most 2000000 remembered/);
  });
});
