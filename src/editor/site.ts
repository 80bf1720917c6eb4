/** The editor as a static site: the page, the exported model and what runs it, for any web server. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { faceAssets } from '../data/sources/open-source.ts';
import { makeFolderAtomically } from '../runtime/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { describeModel } from './describe-model.ts';
import type { EditorDescription } from './description.ts';
import { writeEdgeModel } from './native/edge-model.ts';
import { NativeEngine } from './native/engine.ts';
import { ExportedModel } from './native/exported-model.ts';
import { buildPage } from './page.ts';
import { runtimeFiles, runtimeFolder } from './runtime-files.ts';
import { Gallery, sampleFolder } from './samples/gallery.ts';
import { contentSecurityPolicy } from './server/security.ts';

export interface SiteOptions {
  /** The checkpoint's folder. */
  readonly checkpoint: string;
  /** A folder that does not exist yet. */
  readonly out: string;
  readonly reporter: Reporter;
}

/** Hosts that know this file give the page threads (SharedArrayBuffer), as the editor's own server does. */
const headersFile = `/*
  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Embedder-Policy: require-corp
`;

/** @throws UserError when the folder exists, or the checkpoint cannot be used. Nothing is left then. */
export async function writeSite({ checkpoint, out, reporter }: SiteOptions): Promise<void> {
  if (existsSync(out)) {
    throw new UserError('The folder for the site exists already.', {
      where: `--static ${out}`,
      expected: 'a new folder',
      fix: 'name another one, or remove it',
    });
  }
  const engine = await NativeEngine.open(checkpoint);
  try {
    await makeFolderAtomically(out, (temporary) => fill(temporary, checkpoint, engine, reporter));
  } finally {
    engine.close();
  }
}

async function fill(
  folder: string,
  checkpoint: string,
  engine: NativeEngine,
  reporter: Reporter,
): Promise<void> {
  const { model } = engine;
  const put = async (name: string, bytes: Uint8Array | string) => {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  };
  const task = reporter.task('Static site', 4, 'parts');
  task.update(0, 'the page');
  for (const [name, { body }] of await buildPage()) {
    await put(name, name === 'index.html' ? withPolicy(Buffer.from(body).toString()) : body);
  }
  for (const { name, path } of await runtimeFiles()) {
    await mkdir(join(folder, runtimeFolder), { recursive: true });
    await copyFile(path, join(folder, runtimeFolder, name));
  }
  await put('_headers', headersFile);

  task.update(1, 'the model');
  const exported = await new ExportedModel(checkpoint, model.cache).file();
  await copyFile(exported.path, join(folder, 'model.onnx'));

  task.update(2, 'the edge detector');
  const edgeModel = await writeEdgeModel(model.edges.size, model.edges.padding);
  await put('edges.onnx', edgeModel);

  task.update(3, 'examples');
  const gallery = new Gallery({
    folders: { assetsDir: faceAssets, cacheDir: model.cache },
    edgeSize: model.edges.size,
    findEdges: (rgb, size) => engine.ask('edges', { rgb, size }),
  });
  await gallery.fill();
  if (gallery.list.problem) reporter.warn(gallery.list.problem);
  for (const [name, bytes] of gallery.files) await put(`${sampleFolder}/${name}`, bytes);

  const description: EditorDescription = {
    ...describeModel(model),
    server: false,
    onnx: { url: 'model.onnx', bytes: exported.bytes },
    edgeModel: { url: 'edges.onnx', bytes: edgeModel.length },
    samples: gallery.list,
  };
  await put('editor.json', JSON.stringify(description));
  task.update(4);
  task.finish();
}

/** The page's policy, which its own server sends as a header. */
function withPolicy(html: string): string {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy}" />`;
  return html.replace('<meta charset="utf-8" />', `<meta charset="utf-8" />\n    ${meta}`);
}
