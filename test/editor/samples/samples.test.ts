import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { PhotoEdit } from '../../../src/editor/native/edit-photo.ts';
import { listSamples, SampleFolder, sampleFolder, smallSide } from '../../../src/editor/samples/samples.ts';
import type { AboutModel, ModelDescription } from '../../../src/editor/wire.ts';
import { about } from '../about.ts';

const modelOf = (what: Partial<AboutModel>, controls: ModelDescription['controls'] = ['sketch', 'l']) => ({
  name: 'test',
  method: 'test',
  resolution: 64,
  controls,
  refinedSketch: false,
  about: { ...about, ...what },
});

describe('the examples', () => {
  it('suit the model', () => {
    const namesFor = (what: Partial<AboutModel>) => listSamples(modelOf(what)).map(({ name }) => name);
    const people = (what: Partial<AboutModel>) => listSamples(modelOf(what)).map(({ person }) => person);
    expect(namesFor({}).slice(0, 2)).toEqual(['A smile with closed lips', 'A smile']);
    expect(namesFor({})).toContain('A thinner chin');
    expect(people({ knowsDrawnPeopleAlone: true })).not.toContain('Eileen Collins (NASA)');
    expect(namesFor({ kind: 'demonstration' }).length).toBeGreaterThanOrEqual(3);
    for (const name of namesFor({ kind: 'demonstration' })) expect(name).toMatch(/^(A|No) smile$/);
  });

  it('have their pictures, and one that the model makes when it is first asked for', async () => {
    const model = modelOf({});
    const edits: PhotoEdit[] = [];
    let fails = true;
    const folder = new SampleFolder(model, async (edit) => {
      edits.push(edit);
      if (fails) throw new Error('not yet');
      return { result: edit.photo, refinedSketches: [], faces: [], face: undefined, warnings: [] };
    });
    const read = (address: string) => folder.read(address.slice(sampleFolder.length + 1))!;
    for (const { photo, hole, sketch, drawn } of listSamples(model)) {
      const [size, ...layers] = await Promise.all(
        [photo, hole, sketch].map(async (address) => {
          const { width, height } = await sharp(await read(address)).metadata();
          return [width, height];
        }),
      );
      expect(layers).toEqual([size, size]);
      const marks = await sharp(await read(hole))
        .extractChannel(0)
        .stats();
      expect([marks.channels[0]!.min, marks.channels[0]!.max]).toEqual([0, 255]);
      expect(await sharp(await read(drawn)).metadata()).toMatchObject({
        width: smallSide,
        height: smallSide,
      });
    }
    expect(edits).toEqual([]);
    const [{ result }] = listSamples(model) as [ReturnType<typeof listSamples>[number]];
    await expect(read(result)).rejects.toThrow('not yet');
    fails = false;
    const [once, again] = await Promise.all([read(result), read(result)]);
    expect(await sharp(once).metadata()).toMatchObject({
      width: smallSide,
      height: smallSide,
      format: 'jpeg',
    });
    expect(again).toBe(once);
    expect(edits).toHaveLength(2);
    expect(edits[1]!.sketch).toBeDefined();
    expect(folder.read('../../package.json')).toBeUndefined();
  });

  it('give a model that takes no lines none', async () => {
    const model = modelOf({}, []);
    let edited: PhotoEdit | undefined;
    const folder = new SampleFolder(model, async (edit) => {
      edited = edit;
      return { result: edit.photo, refinedSketches: [], faces: [], face: undefined, warnings: [] };
    });
    await folder.read('tove-smile-result.jpg');
    expect(edited).toMatchObject({ sketch: undefined, region: 'face' });
  });
});
