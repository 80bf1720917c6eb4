import sharp from 'sharp';
import { expect, it } from 'vitest';
import { nameOfModelFile } from '../../src/infer/load-editor.ts';
import { type Provenance, withProvenance } from '../../src/infer/provenance.ts';
import { encodePhoto } from '../../src/infer/results.ts';
import { rgba } from './rasters.ts';
import { said } from './said.ts';

const photo = rgba(40, 30, (x, y) => [x, y, 90, (x * y) % 256]);
const profile = async () =>
  (
    await sharp(
      await sharp(Buffer.from(photo.data), { raw: { width: 40, height: 30, channels: 4 } })
        .withIccProfile('p3')
        .png()
        .toBuffer(),
    ).metadata()
  ).icc;

const marked = async (provenance: Provenance) =>
  withProvenance(await encodePhoto(photo, true, await profile()), provenance);

it('says in words and for programs how a picture came to be, and leaves pixels and colour profile as they were', async () => {
  const plain = await encodePhoto(photo, true, await profile());
  const edited = await marked({ made: 'part', model: 'portraits-128, step 7', l: 0.25 });
  const { statement, software, xmp } = await said(edited);
  expect(software).toBe('deep-plastic-surgery');
  expect(statement).toMatch(/^Edited by a machine: .*\(model portraits-128, step 7; l = 0\.25\)$/);
  expect(xmp).toContain(
    'DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"',
  );
  expect(xmp).toContain('AISystemVersionUsed="portraits-128, step 7"');
  expect(xmp).toContain(statement);
  const [before, after] = await Promise.all([plain, edited].map((png) => sharp(png).metadata()));
  expect(after.icc).toEqual(before.icc);
  expect(after.icc).toBeDefined();
  const pixels = (png: Uint8Array) => sharp(png, { ignoreIcc: true }).raw().toBuffer();
  expect((await pixels(edited)).equals(await pixels(plain))).toBe(true);
});

it('says less where less is known, and of a whole picture that it is a machine’s', async () => {
  const { statement, xmp } = await said(await marked({ made: 'whole' }));
  expect(statement).toBe('Made by a machine: a neural network made this picture.');
  expect(xmp).toContain('/trainedAlgorithmicMedia"');
  expect(xmp).not.toContain('AISystemVersionUsed');
});

it('takes any name of a model', async () => {
  const model = 'a"b <é>&\0c.onnx';
  const { statement, xmp } = await said(await marked({ made: 'part', model, l: 0 }));
  expect(statement).toMatch(/\(model a"b <é>& c\.onnx; l = 0\)$/);
  expect(xmp).toContain('AISystemVersionUsed="a&quot;b &lt;é&gt;&amp; c.onnx"');
});

it.each([
  ['portraits-128', 'portraits-128'],
  ['exports/a/pipeline.onnx', 'pipeline.onnx'],
  ['C:\\models\\b.onnx', 'b.onnx'],
  ['https://x.example/models/c.onnx?v=2', 'c.onnx'],
  [new URL('file:///models/d.onnx'), 'd.onnx'],
  ['data:application/octet-stream;base64,AAAA', undefined],
  [new Uint8Array(3), undefined],
])('calls the model %s %s', (model, name) => {
  expect(nameOfModelFile(model)).toBe(name);
});
