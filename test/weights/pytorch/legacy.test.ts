import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/runtime/errors.ts';
import { matrix, read, six } from './reading.ts';
import {
  bytes,
  floats,
  legacyFile,
  none,
  oldStateDict,
  orderedDict,
  pickle,
  stateDict,
  tensor,
} from './samples.ts';

describe('the old form', () => {
  it('of Python 2 has byte strings and dictionaries from lists', async () => {
    const { oldText } = pickle;
    const storage = pickle.persistent(
      oldText('storage'),
      pickle.global('torch', 'FloatStorage'),
      oldText('140'),
      oldText('cuda:0'),
      pickle.integer(6),
      none,
    );
    const weight = pickle.call(
      pickle.global('torch._utils', '_rebuild_tensor_v2'),
      storage,
      pickle.integer(0),
      pickle.tuple(pickle.integer(2), pickle.integer(3)),
      pickle.tuple(pickle.integer(3), pickle.integer(1)),
      bytes(0x89),
      pickle.call(orderedDict, pickle.emptyList),
    );
    const metadata = bytes(
      oldStateDict([['conv1.weight', weight]]),
      '}',
      oldText('_metadata'),
      none,
      's',
      'b',
    );
    const file = legacyFile(metadata, [{ ...six, key: '140' }], oldText);
    expect(await read(file)).toEqual({
      'conv1.weight': [
        [2, 3],
        [0, 1, 2, 3, 4, 5],
      ],
    });
  });

  it('has views of storages', async () => {
    const view = pickle.tuple(pickle.text('view'), pickle.integer(2), pickle.integer(4));
    const viewed = tensor(six, { shape: [2], strides: [1], offset: 1 }, [view]);
    expect(await read(legacyFile(stateDict([['x', viewed]]), [six]))).toEqual({ x: [[2], [3, 4]] });
    const outside = tensor(six, { shape: [4], strides: [1], offset: 1 }, [view]);
    await expect(read(legacyFile(stateDict([['x', outside]]), [six]))).rejects.toThrow(/in 4 elements/);
    const wrong = pickle.tuple(pickle.text('view'), pickle.integer(2), pickle.integer(5));
    const beyond = tensor(six, { shape: [1], strides: [1] }, [wrong]);
    await expect(read(legacyFile(stateDict([['x', beyond]]), [six]))).rejects.toThrow(/view within/);
  });

  it('is refused when cut off anywhere', async () => {
    const whole = legacyFile(stateDict([['x', tensor(six, matrix)]]), [six]);
    for (let length = 0; length < whole.length; length++)
      await expect(read(whole.subarray(0, length)), `${length} bytes`).rejects.toThrow(UserError);
  });

  it('is refused with other storages than the object’s', async () => {
    const object = stateDict([['x', tensor(six, matrix)]]);
    const other = floats('8', [1]);
    await expect(read(legacyFile(object, []))).rejects.toThrow(/elements of storage 7/);
    await expect(read(legacyFile(object, [six, other]))).rejects.toThrow(/each storage/);
    await expect(read(legacyFile(object, [six, six]))).rejects.toThrow(/each storage/);
    await expect(read(legacyFile(object, [{ ...six, length: 5 }]))).rejects.toThrow(/6 elements/);
  });

  it('is told from other pickles', async () => {
    await expect(read(pickle.file(pickle.integer(3)))).rejects.toThrow(/not PyTorch’s/);
    await expect(read(Buffer.from('text'))).rejects.toThrow(/not one of PyTorch’s/);
    await expect(read(Buffer.alloc(0))).rejects.toThrow(/empty/);
  });
});
