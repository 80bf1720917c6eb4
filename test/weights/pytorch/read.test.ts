import { describe, expect, it } from 'vitest';
import { matrix, read, six, zip } from './reading.ts';
import { bytes, floats, legacyFile, none, orderedDict, pickle, stateDict, tensor } from './samples.ts';

describe.each([
  ['the old form', legacyFile],
  ['the zip form', zip],
])('a state dict in %s', (_, write) => {
  it('has its tensors in their order', async () => {
    const other = floats('11', [9]);
    const entries = [
      ['b.weight', tensor(six, matrix)],
      ['a.bias', tensor(other, { shape: [1], strides: [1] })],
    ] as const;
    const found = await read(write(stateDict(entries), [six, other]));
    expect(Object.entries(found)).toEqual([
      [
        'b.weight',
        [
          [2, 3],
          [0, 1, 2, 3, 4, 5],
        ],
      ],
      ['a.bias', [[1], [9]]],
    ]);
  });

  it('has views of one storage: transposed, offset, strided, expanded, empty, scalar', async () => {
    const entries = [
      ['transposed', tensor(six, { shape: [3, 2], strides: [1, 3] })],
      ['row', tensor(six, { shape: [3], strides: [1], offset: 3 })],
      ['column', tensor(six, { shape: [2], strides: [3], offset: 2 })],
      ['expanded', tensor(six, { shape: [2, 2, 1], strides: [0, 1, 77], offset: 1 })],
      ['empty', tensor(six, { shape: [0, 3], strides: [3, 1], offset: 6 })],
      ['scalar', tensor(six, { shape: [], strides: [], offset: 5 })],
    ] as const;
    expect(await read(write(stateDict(entries), [six]))).toEqual({
      transposed: [
        [3, 2],
        [0, 3, 1, 4, 2, 5],
      ],
      row: [[3], [3, 4, 5]],
      column: [[2], [2, 5]],
      expanded: [
        [2, 2, 1],
        [1, 2, 1, 2],
      ],
      empty: [[0, 3], []],
      scalar: [[], [5]],
    });
  });

  it.each<[string, string, ArrayBufferView, number[]]>([
    ['half', 'HalfStorage', Uint16Array.of(0x3c00, 0xc100, 0x7c00), [1, -2.5, Number.POSITIVE_INFINITY]],
    [
      'bfloat16',
      'BFloat16Storage',
      Uint16Array.of(0x3f80, 0xc020, 0xff80),
      [1, -2.5, Number.NEGATIVE_INFINITY],
    ],
    ['double', 'DoubleStorage', Float64Array.of(1, -2.5, 0.1), [1, -2.5, Math.fround(0.1)]],
    ['int64', 'LongStorage', BigInt64Array.of(1n, -2n, 2n ** 40n), [1, -2, 2 ** 40]],
    ['int32', 'IntStorage', Int32Array.of(1, -2, 2 ** 30), [1, -2, 2 ** 30]],
    ['int16', 'ShortStorage', Int16Array.of(1, -2, 3), [1, -2, 3]],
    ['int8', 'CharStorage', Int8Array.of(1, -2, 3), [1, -2, 3]],
    ['uint8', 'ByteStorage', Uint8Array.of(1, 254, 3), [1, 254, 3]],
    ['bool', 'BoolStorage', Uint8Array.of(1, 0, 1), [1, 0, 1]],
  ])('has numbers of type %s', async (_, className, { buffer }, values) => {
    const storage = { key: '0', className, data: new Uint8Array(buffer), length: 3 };
    const object = stateDict([['x', tensor(storage, { shape: [3], strides: [1] })]]);
    expect(await read(write(object, [storage]))).toEqual({ x: [[3], values] });
  });

  it('may lie deeper, beside other things', async () => {
    const weights = stateDict([['w', tensor(six, matrix)]]);
    const parameter = pickle.call(
      pickle.global('torch._utils', '_rebuild_parameter'),
      tensor(six, { shape: [1], strides: [1] }),
      bytes(0x88),
      pickle.call(orderedDict),
    );
    const object = pickle.dict(
      ...[pickle.text('epoch'), pickle.integer(3)],
      ...[pickle.text('state_dict'), weights],
      ...[pickle.text('moments'), pickle.dict(pickle.integer(0), pickle.list(none, parameter))],
      ...[pickle.text('type'), pickle.global('torch', 'float32')],
    );
    expect(Object.keys(await read(write(object, [six])))).toEqual(['state_dict.w', 'moments.0.1']);
  });
});
