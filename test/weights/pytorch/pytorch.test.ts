import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTorchFile } from '../../../src/weights/pytorch/read.ts';
import { runPython, whyNoPython } from '../../test-python.ts';

const reason = whyNoPython('torch');
if (reason) console.log(`Files of PyTorch itself${reason}`);

type Expected = Record<string, [number[], string, number[]]>;

describe.skipIf(reason)(`files that PyTorch itself writes${reason}`, () => {
  let folder: string;
  let expected: Record<string, Expected>;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pytorch-'));
    runPython(new URL('write_samples.py', import.meta.url), folder);
    expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const forms = [2, 3, 4, 5].flatMap((protocol) => [`${protocol}-old`, `${protocol}-zip`]);
  it.each(forms)('are read: protocol %s', async (form) => {
    for (const [name, tensors] of Object.entries(expected)) {
      const file = await openTorchFile(join(folder, `${name}-${form}.pth`));
      expect([...file.tensors.keys()]).toEqual(Object.keys(tensors));
      for (const [key, { shape, dtype, read }] of file.tensors) {
        const [wantedShape, wantedType, values] = tensors[key];
        expect([dtype, shape], key).toEqual([wantedType, wantedShape]);
        expect([...read()], key).toEqual(
          values.map((value) => (dtype === 'float64' ? Math.fround(value) : value)),
        );
      }
      file.close();
    }
  });

  it.each(['old', 'zip'])(
    'are read beside objects of NumPy and Python, which are named: %s',
    async (form) => {
      const file = await openTorchFile(join(folder, `beside-${form}.pth`));
      const values = [...file.tensors].map(([key, { read }]) => [key, [...read()]]);
      expect(values).toEqual([
        ['state_dict.w', [1.5, -2]],
        ['more.v', [1.5, -2]],
      ]);
      const named = file.leftOut.join(' ');
      for (const name of [/numpy.*scalar/, /argparse\.Namespace/, /Adam/]) expect(named).toMatch(name);
      file.close();
    },
  );

  it('are read with elements of 8 bits', async () => {
    const file = await openTorchFile(join(folder, 'small.pth'));
    const values = [...file.tensors].map(([key, { dtype, read }]) => [key, dtype, [...read()]]);
    expect(values).toEqual([
      ['float8_e4m3fn', 'float8_e4m3fn', [1.5, -2]],
      ['float8_e5m2', 'float8_e5m2', [1.5, -2]],
      ['uint16', 'uint16', [65535]],
    ]);
    file.close();
  });

  it.each([
    ['a whole model', 'model', /torch\.nn\.modules\.linear\.Linear/],
    ['a compiled model', 'script', /TorchScript/],
    ['a sparse tensor', 'sparse', /_rebuild_sparse_tensor/],
  ])('are refused with %s', async (_, name, message) => {
    await expect(openTorchFile(join(folder, `${name}.pth`))).rejects.toThrow(message);
  });
});
