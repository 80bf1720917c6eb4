import { describe, expect, it } from 'vitest';
import { emptyFolder, program, script } from './support.ts';

const { checkNode, satisfies, supportedNodeRange } = await script('setup/node-version.mjs');
const { checkLibc, chooseEngine, findTarget, nvidiaDriver, TARGETS, which } =
  await script('setup/platform.mjs');
const { packagesFor } = await script('setup/packages.mjs');

describe('the version of Node', () => {
  it.each([
    ['20.19.0', true],
    ['v20.20.2', true],
    ['22.13.0', true],
    ['22.99.1', true],
    ['20.18.9', false],
    ['21.7.0', false],
    ['22.12.0', false],
    ['23.0.0', false],
    ['24.0.0', true],
    ['26.1.0', true],
    ['18.20.0', false],
  ])('%s satisfies ^20.19.0 || ^22.13.0 || >=24: %s', (version, expected) => {
    expect(satisfies(version, '^20.19.0 || ^22.13.0 || >=24')).toBe(expected);
  });

  it('can be bounded from both sides', () => {
    expect(satisfies('22.9.0', '>=20.12 <23')).toBe(true);
    expect(satisfies('23.0.0', '>=20.12 <23')).toBe(false);
    expect(satisfies('20.11.9', '>=20.12 <23')).toBe(false);
  });

  it('is read from package.json, whose range this Node is in', () => {
    expect(() => checkNode(process.version, supportedNodeRange())).not.toThrow();
  });

  it('is refused with the reason', () => {
    expect(() => checkNode('v23.1.0', '^22.13.0 || >=24')).toThrow(/got: +Node 23\.1\.0/);
    expect(() => checkNode('v18.0.0', '^22.13.0')).toThrow(
      /expected: Node \^22\.13\.0[\s\S]*fix: +install a long-term release/,
    );
  });
});

describe('the platform', () => {
  it('is one that has wheels, or is refused with a remedy', () => {
    expect(findTarget('linux', 'x64').tested).toBe(true);
    expect(findTarget('linux', 'arm64').tested).toBe(false);
    expect(findTarget('darwin', 'arm64').libraries[0]).toMatch(/dylib$/);
    expect(() => findTarget('win32', 'x64')).toThrow(/got: +win32 x64[\s\S]*Subsystem for Linux/);
    expect(() => findTarget('linux', 'ia32')).toThrow(/expected: Linux x64, Linux arm64 \(untested\)/);
    expect(() => findTarget('darwin', 'x64')).toThrow(/no library for this platform/);
  });

  it('needs glibc on Linux', () => {
    expect(() => checkLibc('linux', () => false)).toThrow(/musl[\s\S]*fix: +use a glibc distribution/);
    expect(() => checkLibc('linux', () => true)).not.toThrow();
    expect(() => checkLibc('darwin', () => false)).not.toThrow();
    expect(() => checkLibc(process.platform)).not.toThrow();
  });
});

describe('the engine', () => {
  const linux = TARGETS['linux-x64'];

  it('follows the NVIDIA driver', () => {
    expect(chooseEngine(linux, {}, undefined)).toEqual({ engine: 'cpu', reason: 'no NVIDIA driver found' });
    expect(chooseEngine(linux, {}, '/dev/nvidiactl')).toEqual({
      engine: 'cuda',
      reason: 'an NVIDIA driver is there: /dev/nvidiactl',
    });
    expect(chooseEngine(TARGETS['linux-arm64'], {}, '/dev/nvidiactl').engine).toBe('cpu');
  });

  it('is overridden by DPS_ENGINE', () => {
    expect(chooseEngine(linux, { DPS_ENGINE: 'cpu' }, '/dev/nvidiactl').engine).toBe('cpu');
    expect(chooseEngine(linux, { DPS_ENGINE: 'cuda' }, undefined).engine).toBe('cuda');
    expect(() => chooseEngine(linux, { DPS_ENGINE: 'gpu' }, undefined)).toThrow(
      /expected: cpu or cuda\n +got: +gpu/,
    );
    expect(() => chooseEngine(TARGETS['darwin-arm64'], { DPS_ENGINE: 'cuda' }, undefined)).toThrow(
      /no CUDA engine/,
    );
  });

  it('sees a driver by its files or its tool', () => {
    const bin = emptyFolder();
    const none = () => false;
    expect(nvidiaDriver({ PATH: bin }, none)).toBeUndefined();
    expect(nvidiaDriver({ PATH: bin }, (path: string) => path === '/proc/driver/nvidia/version')).toBe(
      '/proc/driver/nvidia/version',
    );
    program(bin, 'nvidia-smi', '');
    expect(nvidiaDriver({ PATH: bin }, none)).toBe(`${bin}/nvidia-smi`);
    expect(which('nvidia-smi', {})).toBeUndefined();
  });

  it.each(Object.entries(TARGETS))('has a hash for every package it needs on %s', (id, target) => {
    for (const engine of (target as { engines: string[] }).engines) {
      const packages = packagesFor(id, engine);
      expect(packages.length).toBeGreaterThan(engine === 'cuda' ? 12 : 2);
      for (const { sha256 } of packages) expect(sha256[id] ?? sha256.any).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});
