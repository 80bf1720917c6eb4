import { describe, expect, it } from 'vitest';
import { poolFeatures, torchvisionWeights } from '../../src/models/feature-network.ts';
import { isThere, missingWeights } from '../../src/models/read-config.ts';

const locate = (path: readonly PropertyKey[]) => `a.yaml:1: ${path.join('.')}`;
const key = ['loss', 'features'];

describe('the network whose features losses compare', () => {
  it('is the one that installs by itself, unless the user has another', () => {
    expect(poolFeatures.parse(undefined)).toEqual({ network: 'hed-vgg16' });
    expect(torchvisionWeights({ network: 'hed-vgg16' }, key)).toEqual([]);
    expect(torchvisionWeights({ network: 'vgg16', weights: 'package.json' }, key).map(isThere)).toEqual([
      true,
    ]);
  });

  it.each([
    [{ network: 'vgg16' }, /a\.yaml:1: loss\.features\.network[\s\S]*no loss\.features\.weights/],
    [
      { network: 'vgg16', weights: 'none.safetensors' },
      /a\.yaml:1: loss\.features\.weights[\s\S]*VGG16 \(features\.0\.weight to features\.14\.bias\)[\s\S]*none\.safetensors does not exist/,
    ],
    [{ network: 'vgg19' }, /VGG19 \(features\.0\.weight to features\.10\.bias\)/],
  ])('%j without its file is told with what to do', (chosen, message) => {
    const [file] = torchvisionWeights(chosen, key);
    expect(isThere(file)).toBe(false);
    const error = missingWeights(file, locate);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/npm run import[\s\S]*--set loss\.features\.network=hed-vgg16/);
  });
});
