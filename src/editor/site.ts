/** The editor as a static site: the page, the exported model and what runs it, for any web server. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type Computation, graphOf } from '../core/computation.ts';
import { compareOutputs, makeCases, requireEqual, toleranceOf } from '../export/proof.ts';
import { PRODUCER } from '../export/report.ts';
import { openOnnx } from '../graph/onnx/session.ts';
import { writeOnnx } from '../graph/onnx/write.ts';
import { type Hed, loadHed } from '../nn/hed.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import { makeFolderAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import { ExportedModel, NativeEngine } from './native/engine.ts';
import { manifest, serviceWorker } from './offline.ts';
import { buildPage, runtimeFiles, runtimeFolder } from './page.ts';
import { listSamples, SampleFolder, sampleFolder } from './samples/samples.ts';
import { contentSecurityPolicy } from './server/security.ts';
import type { EditorDescription } from './wire.ts';

interface SiteOptions {
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
  const { model, edges, edgePadding, cache } = engine.model;
  const put = async (name: string, bytes: Uint8Array | string) => {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  };
  const task = reporter.task('Static site', 4, 'parts');
  task.update(0, 'the page');
  let workerCode = '';
  for (const [name, { body }] of await buildPage()) {
    const text = () => Buffer.from(body).toString();
    if (name === 'service-worker.js') workerCode = text();
    else await put(name, name === 'index.html' ? asSite(text()) : body);
  }
  for (const { name, path } of await runtimeFiles()) {
    await mkdir(join(folder, runtimeFolder), { recursive: true });
    await copyFile(path, join(folder, runtimeFolder, name));
  }
  await put('manifest.webmanifest', JSON.stringify(manifest));

  task.update(1, 'the model');
  const exported = await new ExportedModel(checkpoint, cache).file();
  await copyFile(exported.path, join(folder, 'model.onnx'));

  task.update(2, 'the edge detector');
  const edgeModel = await writeEdgeModel(edges.size, edgePadding);
  await put('edges.onnx', edgeModel);

  task.update(3, 'examples');
  const samples = new SampleFolder(model, (edit) => engine.edit(edit));
  for (const name of samples.names) {
    const bytes = await samples.read(name);
    if (bytes) await put(`${sampleFolder}/${name}`, bytes);
  }

  const description: EditorDescription = {
    model,
    edges,
    server: false,
    onnx: { url: 'model.onnx', bytes: exported.bytes },
    edgeModel: { url: 'edges.onnx', bytes: edgeModel.length },
    samples: listSamples(model),
  };
  await put('editor.json', JSON.stringify(description));
  // The list of all that is there: its own script, which is not among what it keeps, and hosts' headers come last.
  await put('service-worker.js', await serviceWorker(folder, await filesBelow(folder), workerCode));
  await put('_headers', headersFile);
  task.update(4);
  task.finish();
}

/** The page with its manifest, and with the policy that its own server sends as a header. */
function asSite(html: string): string {
  const policy = `${contentSecurityPolicy}; manifest-src 'self'`;
  const added = [
    '<meta charset="utf-8" />',
    `<meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    '<link rel="manifest" href="manifest.webmanifest" />',
  ];
  return html.replace(added[0], added.join('\n    '));
}

/** The paths of all files below a folder, relative to it. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}

/**
 * The edge detector HED as an ONNX model: photo [n, size, size, 3] in [-1, 1] to edge probabilities [n, size, size, 1] (in
 * NHWC here, in NCHW in the file). As in the preparation of training data the photo is continued by reflection.
 *
 * @throws UserError when HED's weights are missing, or onnxruntime computes something else.
 */
async function writeEdgeModel(size: number, padding: number): Promise<Uint8Array> {
  const hed = await loadHed();
  try {
    const computation = edgeComputation(hed, size, padding);
    const meaning = 'RGB in [-1, 1]';
    const bytes = writeOnnx(graphOf(computation), {
      name: computation.name,
      precision: 'fp32',
      producer: PRODUCER,
      description: 'HED (Xie and Tu, 2015), trained on BSDS500',
      ports: { photo: meaning, ...computation.outputs },
      metadata: {},
    });
    const session = await openOnnx(bytes);
    const compared = await compareOutputs(makeCases(computation), {
      run: session.run,
      close: session.release,
    });
    const tolerance = toleranceOf('fp32');
    requireEqual({ network: 'HED', format: 'onnx', runtime: 'onnxruntime', tolerance, ...compared });
    return bytes;
  } finally {
    hed.dispose();
  }
}

function edgeComputation(hed: Hed, size: number, padding: number): Computation {
  return {
    name: 'edges',
    networks: [],
    inputs: { photo: { kind: 'photo', shape: [size, size, 3], meaning: 'RGB in [-1, 1]' } },
    outputs: { edges: 'probability of an edge' },
    run: ({ photo }) => {
      const bytes = tf.mul(tf.add(photo as Tensor4D, 1), 127.5);
      const pad: [number, number] = [padding, padding];
      const padded = tf.mirrorPad(bytes, [[0, 0], pad, pad, [0, 0]], 'reflect') as Tensor4D;
      const { fused } = hed.edges(padded);
      return { edges: tf.slice(fused, [0, padding, padding, 0], [-1, size, size, 1]) };
    },
  };
}
