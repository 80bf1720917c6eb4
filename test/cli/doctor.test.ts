import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dps-doctor-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** What the doctor prints about a config of the given lines on top of the smoke config, and its exit status. */
async function examine(lines?: string, sets: string[] = []): Promise<{ status: number; text: string }> {
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  let config: string | undefined;
  if (lines !== undefined) {
    config = join(folder, 'config.yaml');
    writeFileSync(config, `extends: ${join(process.cwd(), 'configs/smoke.yaml')}\n${lines}\n`);
  }
  await doctor.run({ config, set: sets, verbose: false });
  const status = Number(process.exitCode);
  process.exitCode = undefined;
  return { status, text: printed.join('\n') };
}

describe('doctor', () => {
  it('shows what computes', async () => {
    const { status, text } = await examine();
    expect(text).toMatch(/^TensorFlow +2\.\d+\.\d+ under TensorFlow\.js 4\./m);
    expect(text).toMatch(/^Devices +(CPU|GPU: .*)$/m);
    expect(text).toMatch(/^oneDNN +on/m);
    expect(text).toMatch(/^Predictions +by (onnxruntime 1\.\d+\.\d+ in the editor|TensorFlow on the GPU)/m);
    expect(text).toMatch(/^Computing +a matrix product came out right$/m);
    expect(text).toMatch(/^HED weights +.*\.h5$/m);
    expect(text).toMatch(/Everything is there\.$/);
    expect(status).toBe(0);
  });

  it('is content with a config that needs nothing else', async () => {
    const { status, text } = await examine('');
    expect(text).toMatch(/^Data set +\d+ built-in faces/m);
    expect(text).toMatch(/^Other weights +none needed/m);
    expect(status).toBe(0);
  });

  it('counts the photos of a folder', async () => {
    const photo = { width: 8, height: 8, channels: 3 as const, background: 'red' };
    await sharp({ create: photo }).png().toFile(join(folder, 'a.png'));
    const { status, text } = await examine(`data: {source: {kind: folder, path: ${JSON.stringify(folder)}}}`);
    expect(text).toMatch(/^Data set +1 photos/m);
    expect(status).toBe(0);
  });

  it('tells every input that is missing and what to do', async () => {
    const { status, text } = await examine(
      'loss: {perceptual: {network: vgg19, weights: nowhere.safetensors}}',
      ['data.source.kind=folder', `data.source.path=${join(folder, 'nowhere')}`],
    );
    expect(status).toBe(1);
    expect(text).toMatch(/^Data set +MISSING: see below$/m);
    expect(text).toMatch(/The data set is not there\.[\s\S]*fix: /);
    expect(text).toMatch(
      /VGG19 weights are not there\.[\s\S]*nowhere\.safetensors does not exist[\s\S]*fix: /,
    );
    expect(text).toMatch(/2 things to mend\.$/);
  });

  it('tells of a folder without photos', async () => {
    const { status, text } = await examine(`data: {source: {kind: folder, path: ${JSON.stringify(folder)}}}`);
    expect(status).toBe(1);
    expect(text).toMatch(/holds no images/);
  });

  it('tells of a config that cannot be read', async () => {
    const { status, text } = await examine('resolution: 65');
    expect(status).toBe(1);
    expect(text).toMatch(/config\.yaml:2: resolution/);
  });
});
