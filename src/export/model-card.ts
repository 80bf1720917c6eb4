import { methodOf } from '../config/schema.ts';
import type { Computation } from './computation.ts';
import { onnxExample, pythonExample, tfjsExample } from './examples.ts';
import { describeOrigin, LICENCE, type Origin } from './origin.ts';
import type { Proof } from './proof.ts';
import type { ExportReport } from './report.ts';

/** The text of an export's `README.md`: what is in it, how to run it, how equal it is, and where it comes from. */
export function modelCard(report: ExportReport, computations: readonly Computation[]): string {
  const { origin, proofs } = report;
  const first = computations[0];
  const has = (format: string) => proofs.some((proof) => proof.format === format);
  const browser = has('tfjs') ? tfjsExample(first) : onnxExample(first, 'onnxruntime-web');
  const sections: (readonly [title: string, text: string])[] = [
    [`# ${methodOf(origin.config).title}, exported`, `${describeOrigin(origin)}. ${purposeOf(origin)}`],
    ['## Files', fileTable(report)],
    ...computations.map((computation) => [`## ${computation.name}`, portTables(computation)] as const),
    ...(first.name === 'pipeline' ? [['## Pictures', picturesText(origin)] as const] : []),
    ['## Layout', layoutText(has)],
    ...(has('onnx')
      ? ([
          ['## Example: Python', `${PYTHON}\n\n${code('python', pythonExample(first))}`],
          ['## Example: Node', `${NODE}\n\n${code('js', onnxExample(first, 'onnxruntime-node'))}`],
        ] as const)
      : []),
    ...(has('onnx') || has('tfjs')
      ? ([['## Example: browser', `${browserText(has)}\n\n${code('js', browser)}`]] as const)
      : []),
    ['## Equality with the checkpoint', proofTable(proofs, origin.controls.includes('l'))],
    ['## Origin', originText(origin)],
    ['## Licence', LICENCE],
  ];
  return `${sections.map(([title, text]) => `${title}\n\n${text}`).join('\n\n')}\n`;
}

const code = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

function purposeOf({ config, controls }: Origin): string {
  const drawn = controls.includes('sketch') ? ' with what a hand-drawn sketch shows there' : '';
  const does =
    config.task === 'edit'
      ? `It fills a hole in the photo of a face${drawn}`
      : 'It draws a face from a sketch';
  const freely = controls.includes('l') ? '; the refinement level l says how freely it takes the sketch' : '';
  return `${does}${freely}. The method is ${methodOf(config).paper}.`;
}

function picturesText({ config, controls }: Origin): string {
  const size = `${config.resolution} × ${config.resolution} px`;
  const back = 'A result is bytes again by `(I_out + 1) * 127.5`, rounded and kept in 0 to 255';
  if (config.task === 'synthesis')
    return `Scale a sketch to ${size} and thin its lines to one pixel; no greys. ${back}.`;
  const values = controls.includes('sketch')
    ? 'Hole and sketch have two values each, no greys: thin lines to one pixel.'
    : 'The hole has two values, no greys.';
  const widened = controls.includes('l')
    ? ' A line outside the hole counts only where l widens it into the hole.'
    : '';
  const strokes = controls.includes('colour')
    ? ' Strokes of colour in the hole are as photos, `byte / 127.5 - 1`; black is no stroke.'
    : '';
  return [
    `Cut the face out of the photo about as the training images frame theirs, and scale it to ${size}: RGB bytes become`,
    `\`byte / 127.5 - 1\`. ${values}${widened}${strokes}`,
    `The photo itself comes back by \`photo * (1 - hole) + I_out * hole\`. ${back}.`,
  ].join('\n');
}

const PYTHON = '`pip install onnxruntime numpy`, then run this in the folder of this file:';
const NODE = '`npm install onnxruntime-node`, then run this as `example.mjs` in the folder of this file:';

function browserText(has: (format: string) => boolean): string {
  const name = has('tfjs') ? '@tensorflow/tfjs' : 'onnxruntime-web';
  const lines = [
    `\`npm install ${name} esbuild\`, and bundle this in the folder of this file:`,
    '`npx esbuild example.js --bundle --format=esm --outfile=bundle.js`. A page beside it, opened from a web server, loads',
    'it by `<script type="module" src="bundle.js"></script>`.',
  ];
  const more = has('tfjs')
    ? 'It runs on WebGL; after `import "@tensorflow/tfjs-backend-webgpu"` and `await tf.setBackend("webgpu")` on WebGPU.'
    : 'Beside the bundle it needs the files `ort-wasm-*` of `node_modules/onnxruntime-web/dist`.';
  return [...lines, more].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function fileTable({ files, precision }: ExportReport): string {
  const sizes = new Map<string, number>();
  for (const [path, { bytes }] of Object.entries(files)) {
    // The pieces of a model's weights are of no interest one by one.
    const shown = path.replace(/\/[^/]*\.bin$/, '/*.bin');
    sizes.set(shown, (sizes.get(shown) ?? 0) + bytes);
  }
  const rows = [...sizes].map(([path, bytes]) => [`\`${path}\``, `${(bytes / 1e6).toFixed(1)} MB`]);
  const half =
    'The weights in `onnx` and `tfjs` are stored in half precision, but for those of fewer than 1024 numbers; the ' +
    'computation is in single precision. Other files are in single precision.';
  const note = precision === 'fp16' ? half : 'Everything is stored in single precision.';
  return `${table(['File', 'Size'], rows)}\n\n${note}`;
}

function portTables({ inputs, outputs }: Computation): string {
  const rows = Object.entries(inputs).map(([name, { shape, meaning }]) => [
    `\`${name}\``,
    `[n, ${shape.join(', ')}]`,
    meaning,
  ]);
  const results = Object.entries(outputs).map(([name, meaning]) => [`\`${name}\``, meaning]);
  return `${table(['Input', 'Shape (NHWC; NCHW in ONNX)', 'Meaning'], rows)}\n\n${table(['Output', 'Meaning'], results)}`;
}

function layoutText(has: (format: string) => boolean): string {
  const lines = ['Everything is float32; n, the batch size, is open.'];
  if (has('onnx')) lines.push('ONNX files have the channels first: [n, c, h, w].');
  if (has('tfjs')) lines.push('TF.js models have the channels last: [n, h, w, c].');
  if (has('tfjs-layers'))
    lines.push('The models in `tfjs-layers` are made of this project’s layers (`src/nn`), to be trained on.');
  if (has('safetensors'))
    lines.push(
      'The safetensors files have the names and the layout of the original’s code: TensorFlow’s for DeepFillv2 and SC-FEGAN, else PyTorch’s; DeepPS’s `conv3`, which nothing uses, is 0.',
    );
  return lines.join('\n');
}

function proofTable(proofs: readonly Proof[], hasL: boolean): string {
  const rows = proofs.flatMap(({ network, format, runtime, tolerance, outputs }) =>
    Object.entries(outputs).map(([output, { max, mean, scale }]) => [
      network,
      `${format}, ${runtime}`,
      output,
      max.toExponential(1),
      mean.toExponential(1),
      (tolerance * scale).toExponential(1),
    ]),
  );
  const inputs = `Seeded inputs, ${hasL ? 'l = 0, 0.25, 0.5, 0.75 and 1, ' : ''}batches of 1 and 3.`;
  return `${inputs}\n\n${table(['Network', 'Format', 'Output', 'Largest difference', 'Mean', 'Allowed'], rows)}`;
}

function originText({ checkpoint, sha256, step, config, metrics, imported }: Origin): string {
  const { source } = config.data;
  const images = source.kind === 'faces' ? 'built-in rendered faces' : `${source.kind}: ${source.path}`;
  return [
    `- Checkpoint: \`${checkpoint}\`, step ${step}, manifest’s SHA-256 ${sha256}`,
    `- Configuration: \`${config.method}\`, ${config.task}, ${config.resolution} px; all of it is in \`export.json\``,
    ...(imported ?? []).map(
      ({ file, sha256: hash }) => `- Weights imported from \`${file}\`, SHA-256 ${hash}`,
    ),
    ...(imported ? [] : [`- Trained on ${images}`]),
    ...Object.entries(metrics).map(([name, value]) => `- ${name}, held-out samples: ${value}`),
  ].join('\n');
}
