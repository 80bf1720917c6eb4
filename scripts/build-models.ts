/** The models that ship, in the form in which the npm package has them. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exportModel } from '../src/export/run.ts';

/**
 * Writes `NAME.onnx`, `NAME.json` (proof and origin) and `NAME.md` (the model card) for each model below a folder, proven as
 * every export is. One that is there already, of the same checkpoint, stays.
 *
 * @param pretrained folders of models, see docs/export.md. @param out is made; what it has of other models goes.
 */
export async function buildModels(pretrained: string, out: string): Promise<void> {
  const names = readdirSync(pretrained).filter((name) => existsSync(join(pretrained, name, 'manifest.json')));
  mkdirSync(out, { recursive: true });
  for (const file of readdirSync(out))
    if (!names.includes(file.replace(/\.\w+$/, ''))) rmSync(join(out, file), { recursive: true });
  for (const name of names) {
    const checkpoint = join(pretrained, name);
    const report = join(out, `${name}.json`);
    const manifest = readFileSync(join(checkpoint, 'manifest.json'));
    const sha256 = createHash('sha256').update(manifest).digest('hex');
    if (!existsSync(report) || JSON.parse(readFileSync(report, 'utf8')).origin.sha256 !== sha256) {
      const folder = join(out, `${name}.making`);
      rmSync(folder, { recursive: true, force: true });
      await exportModel({ checkpoint, out: folder, formats: ['onnx'], precision: 'fp16' });
      copyFileSync(join(folder, 'onnx/pipeline.onnx'), join(out, `${name}.onnx`));
      copyFileSync(join(folder, 'export.json'), report);
      rmSync(folder, { recursive: true });
    }
    copyFileSync(join(checkpoint, 'README.md'), join(out, `${name}.md`));
  }
}
