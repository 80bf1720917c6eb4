import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/runtime/errors.ts';
import { matrix, read, six, zip } from './reading.ts';
import { bytes, legacyFile, none, orderedDict, pickle, stateDict, tensor } from './samples.ts';

describe.each([
  ['the old form', legacyFile],
  ['the zip form', zip],
])('%s', (_, write) => {
  it('is refused with another object in it, which is named', async () => {
    for (const [module, name] of [
      ['os', 'system'],
      ['builtins', 'eval'],
      ['numpy.core.multiarray', '_reconstruct'],
      ['torch', '__proto__'],
      ['torch.storage', '_load_from_bytes'],
    ] as const) {
      const object = pickle.dict(
        pickle.text('x'),
        pickle.call(pickle.global(module, name), pickle.text('ls')),
      );
      await expect(read(write(object, []))).rejects.toThrow(`${module}.${name}, which is not run`);
    }
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'a tensor beyond its storage',
      tensor(six, { shape: [2, 3], strides: [3, 1], offset: 1 }),
      /shape \[2,3\]/,
    ],
    [
      'a tensor of overflowing size',
      tensor(six, { shape: Array(64).fill(2 ** 52), strides: Array(64).fill(9) }),
      /within its storage/,
    ],
    ['an expanded tensor larger than the file', tensor(six, { shape: [2 ** 40], strides: [0] }), /too large/],
    ['strides that do not fit the shape', tensor(six, { shape: [2, 3], strides: [1] }), /strides/],
    ['a call of a text', pickle.call(pickle.text('os.system')), /a function/],
    ['items for a number', bytes(pickle.integer(1), '(', none, none, 'u'), /a dictionary/],
    ['a key without a value', bytes('}(', none, 'u'), /keys with values/],
    ['an unknown opcode', bytes(0xff), /opcode 255/],
    ['more taken than there is', bytes('0000'), /empty stack/],
    ['a name of Python that never ends', bytes('c', Buffer.alloc(9999, 97)), /line of at most/],
    ['a text longer than the file', bytes('X', 0xff, 0xff, 0xff, 0x7f), /bytes at offset/],
    ['a text longer than any file', bytes(0x8d, Buffer.alloc(8, 0xff)), /bytes at offset/],
    ['a huge integer', bytes(0x8b, 0xff, 0xff, 0xff, 0x0f), /integer of at most/],
  ])('is refused with %s', async (_, value, message) => {
    const attempt = read(write(pickle.dict(pickle.text('x'), value), [six]));
    await expect(attempt).rejects.toThrow(UserError);
    await expect(attempt).rejects.toThrow(message);
  });

  it('is refused without tensors, or with two of one name', async () => {
    await expect(read(write(pickle.emptyDict, []))).rejects.toThrow(/no tensor/);
    await expect(read(write(tensor(six, matrix), [six]))).rejects.toThrow(/a tensor \[2,3\]/);
    const inner = stateDict([['b', tensor(six, matrix)]]);
    const object = pickle.dict(pickle.text('a'), inner, pickle.text('a.b'), tensor(six, matrix));
    await expect(read(write(object, [six]))).rejects.toThrow(/two named a\.b/);
  });

  it('is refused within the test’s time when it would fill the memory', async () => {
    // Dictionaries from one list again and again, and dictionaries that hold each other.
    const list = bytes(pickle.list(...Array(1000).fill(pickle.list(none, none))), 'q', 0, '0');
    const part = bytes(orderedDict, 'h', 0, 0x85, 'R0');
    const again = Buffer.alloc(part.length * 10_000, part);
    const nested = [...Array(100)].map((_, i) =>
      bytes('}(', 'K', 1, 'h', i, 'K', 2, 'h', i, 'u', 'q', i + 1),
    );
    const shared = bytes(stateDict([['w', tensor(six, matrix)]]), 'q', 0, ...nested);
    for (const [object, message] of [
      [bytes(list, again), /at most 500000 entries/],
      [shared, /at most 100000 entries/],
    ] as const) {
      await expect(read(write(object, [six]))).rejects.toThrow(message);
    }
  });

  it('is refused when it holds itself', async () => {
    const object = bytes('}', 'q', 0, 'K', 1, 'h', 0, 's');
    await expect(read(write(object, []))).rejects.toThrow(/levels/);
  });
});
