import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configToYaml } from '../../src/config/load.ts';
import { loadConfig, readConfig } from '../../src/models/read-config.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { readDps } from './dps.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const level = '{ batch: 2, atFullRefinement: { steps: 1 }, atDrawnRefinement: { epochs: 1 }, holePool: 8 }';
const minimal = `resolution: 64
data:
  source:
    kind: faces
    count: 30
model: { levels: 1 }
method: dps
training: { levels: [${level}] }
`;

function file(text: string, name = 'a.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function failure(text: string, sets: string[] = []): string {
  try {
    readConfig(file(text), sets);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error('No error was thrown');
}

describe('the configs of the project', () => {
  it.each(['configs/dps.yaml', 'configs/quickstart.yaml', 'configs/smoke.yaml'])(
    '%s fits the schema',
    (path) => {
      const { training, model } = readDps(path);
      expect(training.levels).toHaveLength(model.levels);
      expect(readConfig(path).warnings).toEqual([]);
    },
  );

  it('SC-FEGAN’s config holds its paper’s numbers', () => {
    const { config } = readConfig('configs/sc-fegan.yaml');
    expect(config).toMatchObject({
      resolution: 512,
      model: { width: 64 },
      loss: {
        valid: 1,
        perceptual: 0.05,
        style: 120,
        totalVariation: 0.1,
        adversarial: 0.001,
        gradientPenalty: 10,
        drift: 0.001,
        features: { network: 'vgg16' },
      },
    });
    expect(() => loadConfig('configs/sc-fegan.yaml', ['data.source={kind: faces}'])).toThrow(
      /VGG16 weights are not there[\s\S]*--set loss\.features\.network=hed-vgg16/,
    );
  });

  it.each(readdirSync('configs').filter((name) => name.endsWith('.yaml')))(
    'configs/%s fits the schema',
    (name) => {
      const { config, warnings } = readConfig(`configs/${name}`);
      expect(warnings).toEqual([]);
      // Every training names its run after its file.
      expect(config.name).toBe(name.replace('.yaml', ''));
    },
  );

  it('what is trained by the quickstarts compares: the same photos and split', () => {
    const [first, ...others] = readdirSync('configs')
      .filter((name) => name.startsWith('quickstart'))
      .map((name) => readConfig(`configs/${name}`).config);
    expect(others.length).toBeGreaterThan(2);
    for (const { resolution, data } of others)
      expect({ resolution, data }).toEqual({ resolution: first.resolution, data: first.data });
  });

  it.each([
    [['method=pix2pix', 'resolution=96'], /resolution[\s\S]*multiple of 256 px: model\.depth[\s\S]*96 px/],
    [['method=pconv', 'resolution=192'], /multiple of 128 px/],
    [['method=deepfillv2', 'resolution=100'], /multiple of 8 px/],
    [['method=deepfillv2', 'model.width=6'], /model\.width[\s\S]*a multiple of 4/],
    [['method=pconv', 'task=synthesis'], /task[\s\S]*"edit"[\s\S]*"synthesis"/],
    [['method=pix2pix', 'loss.hingeMargin=3'], /Unknown configuration key: hingeMargin/],
    [['method=pixtopix'], /did you mean `pix2pix`/],
  ])('%j is a mistake that is explained', (sets, message) => {
    expect(failure('data: { source: { kind: faces } }\n', sets)).toMatch(message);
  });

  it('the paper’s config holds the paper’s numbers', () => {
    const config = readDps('configs/dps.yaml');
    expect(config.training.levels.map(({ batch }) => batch)).toEqual([64, 32, 4]);
    expect(config.training.levels.map(({ holePool }) => holePool)).toEqual([4096, 2048, 1024]);
    expect(config.training.optimizer).toEqual({
      learningRate: 2e-4,
      beta1: 0.5,
      beta2: 0.999,
      epsilon: 1e-8,
      schedule: { kind: 'constant', warmUpSteps: 0 },
    });
    expect(config.data.edges.threshold).toBe(25 / 255);
  });
});

describe('reading', () => {
  it('fills in defaults and survives a way through YAML', () => {
    const config = readDps(file(minimal));
    expect(config.data.ahead).toBe(4);
    expect(config.loss.hingeMargin).toBe(10);
    expect(readConfig(file(configToYaml(config), 'b.yaml')).config).toEqual(config);
  });

  it('extends: relative to the file, deep, lists replaced', () => {
    file(`${minimal}seed: 5\noutput: { sampleRefinement: [0, 1], testCount: 3 }\n`, 'base.yaml');
    mkdirSync(join(folder, 'sub'));
    const path = file('extends: ../base.yaml\noutput: { sampleRefinement: [0.5] }\n', 'sub/child.yaml');
    const { config } = readConfig(path);
    expect(config.seed).toBe(5);
    expect(config.output).toMatchObject({ sampleRefinement: [0.5], testCount: 3 });
  });

  it('extends in a circle is an error', () => {
    file('extends: b.yaml\n', 'a.yaml');
    const path = file('extends: a.yaml\n', 'b.yaml');
    expect(() => readConfig(path)).toThrow(/circle[\s\S]*a\.yaml.*b\.yaml/);
  });

  it('--set parses YAML values, reaches into lists and wins over files', () => {
    const config = readDps(file(minimal), [
      'seed=7',
      'training.levels.0.batch=3',
      'output.sampleRefinement=[0.25]',
      'loss.perceptual.layerWeights=[0, 2]',
      'data.holes={kinds: [box]}',
    ]);
    expect(config.seed).toBe(7);
    expect(config.training.levels[0]).toMatchObject({ batch: 3, holePool: 8 });
    expect(config.output.sampleRefinement).toEqual([0.25]);
    expect(config.loss.perceptual.layerWeights).toEqual([0, 2]);
    expect(config.data.holes.kinds).toEqual(['box']);
  });

  it('another kind of source drops the keys of the old one, in either order', () => {
    for (const order of [0, 1]) {
      const sets = ['data.source.kind=folder', 'data.source.path=photos'];
      const { config } = readConfig(file(minimal), order ? sets.reverse() : sets);
      expect(config.data.source).toEqual({ kind: 'folder', path: 'photos', crop: 'centre' });
    }
  });

  it('another unit of a duration replaces the old one', () => {
    const config = readDps(file(minimal), ['training.levels.0.atDrawnRefinement.steps=9']);
    expect(config.training.levels[0].atDrawnRefinement).toEqual({ steps: 9 });
  });
});

describe('several sources', () => {
  const mixed = (...sources: string[]) =>
    minimal.replace(
      '  source:\n    kind: faces\n    count: 30\n',
      `  source:\n${sources.map((source) => `    - ${source}\n`).join('')}`,
    );
  const faces = '{ kind: faces, count: 30 }';

  it('have names and weights, also by --set, and survive a way through YAML', () => {
    const text = mixed(faces, '{ kind: folder, path: photos, weight: 3 }');
    const { config } = readConfig(file(text), ['data.source.1.path=elsewhere', 'data.source.0.weight=0.5']);
    expect(config.data.source).toEqual([
      { kind: 'faces', count: 30, seed: 1, name: 'faces', weight: 0.5 },
      { kind: 'folder', path: 'elsewhere', crop: 'centre', name: 'folder', weight: 3 },
    ]);
    expect(readConfig(file(configToYaml(config), 'b.yaml')).config).toEqual(config);
    expect(readConfig(file(text), ['data.source.kind=faces']).config.data.source).toEqual({
      kind: 'faces',
      count: 2000,
      seed: 1,
    });
  });

  it.each([
    [[faces, '{ kind: fces }'], /a\.yaml:5: data\.source\.1\.kind[\s\S]*"folder"[\s\S]*did you mean `faces`/],
    [[faces, '{ kind: folder }'], /missing[\s\S]*data\.source\.1\.path/],
    [[faces, '{ kind: faces, wieght: 2 }'], /Unknown.*wieght[\s\S]*a\.yaml:5[\s\S]*data\.source\.1\.weight/],
    [['{ kind: faces, weight: 0 }'], /data\.source\.0\.weight[\s\S]*above 0[\s\S]*got: *0/],
    [[faces, '{ kind: faces, seed: 2 }'], /same name[\s\S]*data\.source\.1\.name[\s\S]*faces a second time/],
    [[faces, '{ kind: faces, name: My Faces }'], /data\.source\.1\.name[\s\S]*"My Faces"/],
  ])('%j is a mistake that is explained', (sources, message) => {
    expect(failure(mixed(...sources))).toMatch(message);
  });

  it('weights are for lists only; an empty list is none', () => {
    expect(failure(minimal.replace('count: 30', 'weight: 2'))).toMatch(/Unknown.*weight[\s\S]*a\.yaml:5/);
    expect(failure(minimal, ['data.source=[]'])).toMatch(/--set data\.source[\s\S]*\[\]/);
  });

  it('are looked for each', () => {
    const text = mixed(faces, '{ kind: folder, path: nowhere }');
    expect(() => loadConfig(file(text))).toThrow(
      /a\.yaml:5: data\.source\.1\.path[\s\S]*nowhere does not exist[\s\S]*--set data\.source\.1\.path/,
    );
  });
});

describe('groups of the split', () => {
  it('are a file or a pattern; another one replaces it', () => {
    const text = minimal.replace('  source:', '  split: { groups: { file: people.csv } }\n  source:');
    expect(readConfig(file(text)).config.data.split.groups).toEqual({
      file: 'people.csv',
      column: 'group',
      others: 'refuse',
    });
    const sets = ['data.split.groups.others=alone', 'data.split.groups.pattern=^(a)'];
    expect(readConfig(file(text), sets).config.data.split.groups).toEqual({
      pattern: '^(a)',
      others: 'alone',
    });
    expect(readConfig(file(minimal)).config.data.split).not.toHaveProperty('groups');
  });

  it.each([
    ['pattern=^abc', /one pair of parentheses[\s\S]*\^abc, which has 0/],
    ['pattern=(a)(b)', /which has 2/],
    ['pattern=(a', /--set data\.split\.groups\.pattern[\s\S]*got: .*Invalid regular expression/],
    ['colunm=x', /Unknown.*colunm/],
  ])('%s is a mistake that is explained', (set, message) => {
    expect(failure(minimal, [`data.split.groups.${set}`])).toMatch(message);
  });

  it('need their file', () => {
    expect(() => loadConfig(file(minimal), ['data.split.groups.file=nowhere.csv'])).toThrow(
      /--set data\.split\.groups\.file[\s\S]*nowhere\.csv does not exist/,
    );
  });
});

describe('mistakes are told with place, expectation and finding', () => {
  it('no method, or one that does not exist', () => {
    expect(failure(minimal.replace('method: dps\n', ''))).toMatch(/method[\s\S]*"dps"[\s\S]*nothing/);
    expect(failure(minimal.replace('dps', 'dsp'))).toMatch(/"dps"[\s\S]*did you mean `dps`/);
  });

  it.each([
    ['unknown key', 'dta: 1', /Unknown[\s\S]*a\.yaml:9: dta[\s\S]*did you mean `data`/],
    [
      'unknown nested key',
      'output: { loqEvery: 3 }',
      /output\.loqEvery[\s\S]*did you mean `output\.logEvery`/,
    ],
    ['wrong type', 'seed: many', /a\.yaml:9: seed[\s\S]*a whole number, at least 0[\s\S]*"many"/],
    ['fraction', 'output: { testCount: 1.5 }', /output\.testCount[\s\S]*whole number[\s\S]*1\.5/],
    [
      'out of bounds',
      'output: { sampleRefinement: [0, 1.5] }',
      /sampleRefinement\.1[\s\S]*at most 1[\s\S]*1\.5/,
    ],
    [
      'wrong choice',
      'task: edti',
      /task[\s\S]*one of "edit", "synthesis"[\s\S]*"edti"[\s\S]*did you mean `edit`/,
    ],
    ['wrong name', 'name: My Run', /name[\s\S]*\^\[a-z0-9\][\s\S]*"My Run"/],
    [
      'a list too short',
      'loss: { perceptual: { layerWeights: [1] } }',
      /layerWeights[\s\S]*a list of 2[\s\S]*\[1\]/,
    ],
    ['invalid YAML', 'seed: [1', /not valid YAML[\s\S]*a\.yaml:\d+/],
    ['a key given twice', 'resolution: 128', /not valid YAML[\s\S]*a\.yaml:9/],
  ])('%s', (_, line, message) => {
    expect(failure(`${minimal}${line}\n`)).toMatch(message);
  });

  it('a missing key, a wrong kind, keys of another kind', () => {
    expect(failure('method: dps\nresolution: 64\n')).toMatch(/missing[\s\S]*a\.yaml: data\n[\s\S]*nothing/);
    expect(failure(minimal.replace('kind: faces', 'kind: fces'))).toMatch(
      /a\.yaml:4: data\.source\.kind[\s\S]*"faces", "folder", "celeba-hq"[\s\S]*did you mean `faces`/,
    );
    expect(failure(minimal.replace('count: 30', 'path: x'))).toMatch(/Unknown.*path[\s\S]*a\.yaml:5/);
  });

  it('a duration with both units or a wrong one', () => {
    const both = minimal.replace('{ epochs: 1 }', '{ epochs: 1, steps: 2 }');
    expect(failure(both)).toMatch(
      /atDrawnRefinement[\s\S]*\{epochs, minutes\?\} or \{steps, minutes\?\}[\s\S]*"steps":2/,
    );
    const wrong = minimal.replace('{ epochs: 1 }', '{ stps: 1 }');
    expect(failure(wrong)).toMatch(/Unknown.*stps[\s\S]*did you mean.*atDrawnRefinement\.steps/);
  });

  it('several at once', () => {
    expect(failure(`${minimal}seed: -1\nnme: x\n`)).toMatch(
      /2 mistakes[\s\S]*a\.yaml:9: seed[\s\S]*a\.yaml:10: nme/,
    );
  });

  it('of --set: form, unknown key, value, list index', () => {
    expect(failure(minimal, ['seed'])).toMatch(/--set seed[\s\S]*KEY=VALUE/);
    expect(failure(minimal, ['=1'])).toMatch(/KEY=VALUE/);
    expect(failure(minimal, ['__proto__.x=1'])).toMatch(/KEY=VALUE/);
    expect(failure(minimal, ['data.ahed=1'])).toMatch(/--set data\.ahed[\s\S]*did you mean `data\.ahead`/);
    expect(failure(minimal, ['seed=[1'])).toMatch(/not valid YAML/);
    expect(failure(minimal, ['data.ahead=x'])).toMatch(/--set data\.ahead\n[\s\S]*"x"/);
    expect(failure(minimal, ['training.levels.1.batch=2'])).toMatch(/training\.levels/);
  });

  it('of the file: absent, a folder, a list', () => {
    expect(() => readConfig(join(folder, 'none.yaml'))).toThrow(/cannot be read[\s\S]*none\.yaml/);
    expect(() => readConfig(folder)).toThrow(UserError);
    expect(failure('- 1\n')).toMatch(/wrong form/);
    expect(failure('extends: [1]\n')).toMatch(/a\.yaml:1: extends/);
  });
});

describe('sizes that do not fit', () => {
  it.each([
    [['task=synthesis'], /task[\s\S]*expected: *"edit"[\s\S]*"synthesis"/],
    [['resolution=96'], /resolution[\s\S]*a multiple of 64 px[\s\S]*96 px/],
  ])('SC-FEGAN with %j', (sets, message) => {
    expect(() => readConfig('configs/smoke-sc-fegan.yaml', sets)).toThrow(message);
  });

  it.each([
    ['levels', ['model.levels=2'], /training\.levels[\s\S]*2 entries[\s\S]*1 entries/],
    ['F above the top', ['model.imageGenerator.level=2'], /a level from 1 to 1[\s\S]*2/],
    [
      'F at 32 px',
      ['model.levels=2', `training.levels=[${level}, ${level}]`, 'model.imageGenerator.level=1'],
      /64, 128 or 256 px[\s\S]*32 px/,
    ],
    [
      'no training split',
      ['data.split={validation: 0.5, test: 0.5}'],
      /add up to less than 1[\s\S]*0\.5 \+ 0\.5/,
    ],
  ])('%s', (_, sets, message) => {
    expect(failure(minimal, sets)).toMatch(message);
  });

  it('batch normalisation with a batch of 1 is warned about', () => {
    const { warnings } = readConfig(file(minimal), [
      'training.imageGenerator.batch=1',
      'training.levels.0.batch=1',
    ]);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/--set training\.imageGenerator\.batch is 1/);
  });
});

describe('files that the config needs', () => {
  it('data set', () => {
    const sets = ['data.source.kind=folder', `data.source.path=${join(folder, 'photos')}`];
    expect(() => loadConfig(file(minimal), sets)).toThrow(
      /--set data\.source\.path[\s\S]*photos does not exist/,
    );
    mkdirSync(join(folder, 'photos'));
    expect(loadConfig(file(minimal), sets).config.data.source).toMatchObject({ kind: 'folder' });
  });

  it('VGG19', () => {
    const sets = ['loss.perceptual.network=vgg19'];
    expect(() => loadConfig(file(minimal), sets)).toThrow(/VGG19[\s\S]*hed-vgg16/);
    sets.push(`loss.perceptual.weights=${file('x', 'vgg.safetensors')}`);
    expect(parse(configToYaml(loadConfig(file(minimal), sets).config)).loss.perceptual.network).toBe('vgg19');
  });
});
