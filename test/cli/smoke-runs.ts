/** A method as its users run it, by its smoke configuration: everything but the editor. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { readHole } from '../../src/infer/read.ts';
import { changes, load, save } from '../infer/support.ts';
import { startCommand } from './train-process.ts';

const SIDE = 96;

/** Runs of smoke configurations below a folder of their own, with the checkout at `root`. */
export class SmokeRuns {
  readonly folder = mkdtempSync(join(tmpdir(), 'smoke-'));
  readonly #root: string;
  /** Runs that were trained, by the method's name. */
  readonly trained: Record<string, string> = {};

  constructor(root = '.') {
    this.#root = root;
  }

  /** What a command prints, which must succeed. */
  async run(...args: string[]): Promise<string> {
    const { end, output } = startCommand(args, { root: this.#root });
    expect(await end, output()).toBe(0);
    expect(output()).not.toMatch(/^\s+at /m);
    return output();
  }

  /** Trains as the configuration says, and a second time with an interruption: the last checkpoints are the same bytes. */
  async trainTwice(name: string): Promise<void> {
    const config = `configs/${name === 'dps' ? 'smoke' : `smoke-${name}`}.yaml`;
    await this.run('prepare', '--config', config, ...this.#cache());
    const [whole, interrupted] = await Promise.all([
      this.#train(config, `${name}-whole`),
      this.#train(config, `${name}-interrupted`, '--max-steps', '3'),
    ]);
    expect(await this.run('train', '--resume', interrupted)).toMatch(/Goes on after step 3/);
    const [a, b] = [newestCheckpoint(whole), newestCheckpoint(interrupted)];
    expect(Object.keys(b)).toEqual(Object.keys(a));
    expect(Object.keys(a)).toContain('manifest.json');
    for (const [file, bytes] of Object.entries(a)) expect(bytes.equals(b[file]), file).toBe(true);
    const { step } = JSON.parse(a['manifest.json'].toString());
    expect(step).toBeGreaterThan(3);
    this.trained[name] = whole;
  }

  async #train(config: string, name: string, ...more: string[]): Promise<string> {
    const runs = join(this.folder, name);
    await this.run('train', '--config', config, '--runs', runs, ...this.#cache(), ...more);
    return join(runs, readdirSync(runs).find((entry) => /^\d/.test(entry))!);
  }

  #cache(): string[] {
    return ['--set', `data.cache=${join(this.folder, 'cache')}`];
  }

  /** Exports the whole path to ONNX; the differences that the proof measured are within what it allows. */
  async exportOnnx(name: string): Promise<void> {
    const out = join(this.folder, `${name}-export`);
    await this.run('export', '--checkpoint', this.trained[name], '--out', out);
    expect(readdirSync(join(out, 'onnx'))).toEqual(['pipeline.onnx']);
    const { proofs } = JSON.parse(readFileSync(join(out, 'export.json'), 'utf8'));
    expect(proofs).toHaveLength(1);
    const outputs = Object.entries<{ max: number; scale: number }>(proofs[0].outputs);
    expect(outputs.map(([output]) => output)).toContain('I_out');
    for (const [output, { max, scale }] of outputs) {
      expect(max, output).toBeLessThanOrEqual(proofs[0].tolerance * scale);
      expect(scale, output).toBeGreaterThan(0);
    }
  }

  /** Fills a hole of a photo; what is outside stays. */
  async infer(name: string): Promise<void> {
    const { photo, mask, sketch } = await this.#edit();
    const out = join(this.folder, `${name}-infer`);
    const edit = ['--image', photo, '--mask', mask, '--sketch', sketch];
    await this.run('infer', '--checkpoint', this.trained[name], ...edit, '--out', out);
    const [before, after] = [await load(photo), await load(join(out, 'photo-IOUT.png'))];
    const { inside, outside } = changes(before, after, await readHole(mask, 'white'));
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(500);
  }

  async #edit() {
    const picture = (name: string, channels: 1 | 4, value: (x: number, y: number, c: number) => number) => {
      const data = Uint8Array.from({ length: SIDE * SIDE * channels }, (_, i) => {
        const pixel = Math.floor(i / channels);
        return value(pixel % SIDE, Math.floor(pixel / SIDE), i % channels);
      });
      return save(join(this.folder, name), { width: SIDE, height: SIDE, data });
    };
    return {
      photo: await picture('photo.png', 4, (x, y, c) => (c === 3 ? 255 : 40 + x + y / 2 + 20 * c)),
      mask: await picture('mask.png', 1, (x, y) => (x >= 30 && x < 60 && y >= 40 && y < 70 ? 255 : 0)),
      sketch: await picture('sketch.png', 1, (x, y) => (x === y ? 0 : 255)),
    };
  }

  /** Evaluates everything that was trained in one table. Returns the folder of the report and what was printed. */
  async evaluate(): Promise<{ out: string; printed: string }> {
    const out = join(this.folder, 'report');
    const checkpoints = Object.values(this.trained).flatMap((path) => ['--checkpoint', path]);
    const suite = resolve(import.meta.dirname, 'smoke-suite.yaml');
    const printed = await this.run('evaluate', ...checkpoints, '--suite', suite, '--out', out);
    return { out, printed };
  }
}

/** The newest checkpoint's files by their names. */
function newestCheckpoint(run: string): Record<string, Buffer> {
  const folder = join(run, 'checkpoints');
  const steps = readdirSync(folder).map((name) => Number(name.replace('step-', '')));
  const checkpoint = join(folder, `step-${Math.max(...steps)}`);
  return Object.fromEntries(
    readdirSync(checkpoint).map((file) => [file, readFileSync(join(checkpoint, file))]),
  );
}
