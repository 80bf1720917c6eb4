/** The `README.md` of an export, with programs of about ten lines that run it. */

import { configuredSources, type RunConfig } from '../config/run-config.ts';
import type { Computation } from '../core/computation.ts';
import type { PortKind } from '../core/ports.ts';
import type { Port } from '../graph/onnx/builder.ts';
import { definitionOf } from '../models/registry.ts';
import { photoInputs, RESULT } from './formats/whole-photo.ts';
import type { Proof } from './proof.ts';
import { describeOrigin, type ExportReport, LICENCE, type Origin } from './report.ts';

/** The text says what is in the export, how to run it, how exactly it agrees with its source and where it comes from. */
export function modelCard(report: ExportReport, computations: readonly Computation[]): string {
  const { origin, proofs } = report;
  const first = computations[0];
  const has = (format: string) => proofs.some((proof) => proof.format === format);
  const takesTensors = ofTensors(proofs);
  const browser = has('tfjs') ? tfjsExample(first) : onnxExample(first, 'onnxruntime-web');
  const sections: (readonly [title: string, text: string])[] = [
    [`# ${definitionOf(origin.config).title}, exported`, `${describeOrigin(origin)}. ${purposeOf(origin)}`],
    ['## Files', fileTable(report)],
    ...(has('onnx-photo') ? [['## From photo to photo', photoText(first)] as const] : []),
    ...(takesTensors
      ? [
          ...computations.map((computation) => [`## ${computation.name}`, portTables(computation)] as const),
          ...(first.name === 'pipeline' ? [['## Pictures', picturesText(origin)] as const] : []),
          ['## Layout', layoutText(has)] as const,
        ]
      : []),
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

export function purposeOf({ config, controls }: Origin): string {
  const drawn = controls.includes('sketch') ? ' with what a hand-drawn sketch shows there' : '';
  const does =
    config.task === 'edit'
      ? `It fills a hole in the photo of a face${drawn}`
      : 'It draws a face from a sketch';
  const freely = controls.includes('l') ? '; the refinement level l says how freely it takes the sketch' : '';
  return `${does}${freely}. The method is ${definitionOf(config).paper}.`;
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

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function fileTable({ files, precision }: ExportReport): string {
  const sizes = new Map<string, number>();
  for (const [path, { bytes }] of Object.entries(files)) {
    // The shards of a model's weights are listed as one file.
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
      'The safetensors files have the names and the layout of the original’s code, for PyTorch or TensorFlow 1; weights that it wants and does not use are 0.',
    );
  return lines.join('\n');
}

/** Whether any of the files takes a network's numbers, not pictures. */
const ofTensors = (proofs: readonly Proof[]): boolean => proofs.some(({ format }) => format !== 'onnx-photo');

export function proofTable(proofs: readonly Proof[], hasL: boolean): string {
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
  const photos = proofs.some((proof) => proof.format === 'onnx-photo')
    ? 'Of photos: levels of 255, against what `infer` makes of the same pictures. '
    : '';
  const seeded = `Seeded inputs, ${hasL ? 'l = 0, 0.25, 0.5, 0.75 and 1, ' : ''}batches of 1 and 3.`;
  const inputs = ofTensors(proofs) ? seeded : '';
  return `${photos}${inputs}\n\n${table(['Network', 'Format', 'Output', 'Largest difference', 'Mean', 'Allowed'], rows)}`;
}

/** The photos that a configuration names. */
export const imagesOf = ({ data }: RunConfig): string =>
  configuredSources(data)
    .map(({ source }) =>
      source.kind === 'faces' ? 'built-in rendered faces' : `${source.kind}: ${source.path}`,
    )
    .join(', ');

/** @param file that holds the whole configuration. */
export function originText(
  { checkpoint, sha256, step, config, metrics, imported }: Origin,
  file = 'export.json',
): string {
  return [
    `- Checkpoint: \`${checkpoint}\`, step ${step}, manifest’s SHA-256 ${sha256}`,
    `- Configuration: \`${config.method}\`, ${config.task}, ${config.resolution} px; all of it is in \`${file}\``,
    ...(imported ?? []).map(
      ({ file, sha256: hash }) => `- Weights imported from \`${file}\`, SHA-256 ${hash}`,
    ),
    ...(imported ? [] : [`- Trained on ${imagesOf(config)}`]),
    ...Object.entries(metrics).map(([name, value]) => `- ${name}, held-out samples: ${value}`),
  ].join('\n');
}

/**
 * What an example feeds: a grey photo, all of it a hole, no stroke of colour, and l = 0.5; the sketch has one line across its
 * middle.
 */
const FILL: Record<Exclude<PortKind, 'sketch'>, number> = {
  photo: 0,
  hole: 1,
  colour: 0,
  l: 0.5,
  network: 0,
};

const HINTS: Record<PortKind, string> = {
  photo: 'RGB / 127.5 - 1',
  hole: '1 is filled, 0 is kept',
  sketch: '1 is paper, -1 a line',
  colour: 'RGB / 127.5 - 1, and 1 in strokes; 0 is none',
  l: '0 follows the sketch, 1 is the freest',
  network: 'see above',
};

/** How a language writes inputs. */
interface Language {
  readonly comment: string;
  readonly channelsFirst: boolean;
  filled(name: string, shape: readonly number[], value: number): string;
  /** Statements that make a sketch of a side, the middle half of its middle row a line. */
  sketch(name: string, side: number): [string, ...string[]];
}

/** The statements that make the inputs. */
function inputLines({ inputs }: Computation, language: Language): string[] {
  return Object.entries(inputs).flatMap(([name, { kind, shape }]) => {
    const [height, ...rest] = shape as [number, ...number[]];
    const moved = language.channelsFirst && shape.length === 3 ? [rest[1], height, rest[0]] : shape;
    const [first, ...more] =
      kind === 'sketch' ? language.sketch(name, height) : [language.filled(name, [1, ...moved], FILL[kind])];
    return [`${first} ${language.comment} ${HINTS[kind]}`, ...more];
  });
}

/** The name of the last output, the result. The ones before it are intermediate results. */
const finalOutput = ({ outputs }: Computation): string => Object.keys(outputs).at(-1) ?? 'nothing';
const names = ({ inputs }: Computation): string => Object.keys(inputs).join(', ');

/** Python with onnxruntime and NumPy. */
export function pythonExample(computation: Computation): string {
  const output = finalOutput(computation);
  const feeds = Object.keys(computation.inputs).map((name) => `'${name}': ${name}`);
  return [
    'import numpy as np',
    'import onnxruntime',
    '',
    `session = onnxruntime.InferenceSession('onnx/${computation.name}.onnx', providers=['CPUExecutionProvider'])`,
    ...inputLines(computation, {
      comment: ' #',
      channelsFirst: true,
      filled: (name, shape, value) => `${name} = np.full([${shape.join(', ')}], ${value}, np.float32)`,
      sketch: (name, side) => [
        `${name} = np.ones([1, 1, ${side}, ${side}], np.float32)`,
        `${name}[0, 0, ${side / 2}, ${side / 4}:${(side * 3) / 4}] = -1`,
      ],
    }),
    `(${output},) = session.run(['${output}'], {${feeds.join(', ')}})`,
    `print('${output}', ${output}.shape, ${output}.min(), ${output}.max())`,
  ].join('\n');
}

function photoText({ inputs }: Computation): string {
  const ports = photoInputs(Object.keys(inputs));
  const row = ({ name, type, shape, docString }: Port) => [
    `\`${name}\``,
    `${type} [${shape.join(', ')}]`,
    docString ?? '',
  ];
  const notes = [
    '`onnx/photo.onnx` takes pictures as they are: no cropping, scaling, thinning of lines or blending is left to do. Mask',
    'and drawings are of the photo’s size. Small holes far apart are filled together, as one; for more detail run it once for each,',
    'on the result before. Transparency and colour profiles are the caller’s.',
  ];
  return [
    notes.join('\n'),
    table(['Input', 'Type and shape', 'Meaning'], ports.map(row)),
    table(['Output', 'Type and shape', 'Meaning'], [row(RESULT)]),
    '`pip install onnxruntime numpy pillow`, then run this in the folder of this file, beside a photo and a mask:',
    code('python', photoExample(ports)),
  ].join('\n\n');
}

/** Python with onnxruntime and Pillow, from files to a file. */
function photoExample(ports: readonly Port[]): string {
  const values: Readonly<Record<string, string>> = {
    photo: "np.array(Image.open('photo.png').convert('RGB'))",
    mask: "np.array(Image.open('mask.png').convert('L'))  # white: the hole",
    sketch: "np.array(Image.open('sketch.png').convert('L'))  # dark lines on white",
    colour: "np.array(Image.open('colour.png').convert('RGBA'))  # strokes on nothing",
    l: 'np.array(0.5, np.float32)',
    whole: 'np.array(0, np.uint8)',
  };
  return [
    'import numpy as np',
    'import onnxruntime',
    'from PIL import Image',
    '',
    "session = onnxruntime.InferenceSession('onnx/photo.onnx', providers=['CPUExecutionProvider'])",
    ...ports.map(({ name }) => `${name} = ${values[name]}`),
    `(result,) = session.run(None, {${ports.map(({ name }) => `'${name}': ${name}`).join(', ')}})`,
    "Image.fromarray(result).save('result.png')",
  ].join('\n');
}

/** JavaScript with onnxruntime: `onnxruntime-node`, or `onnxruntime-web` in a page. */
function onnxExample(computation: Computation, runtime: 'onnxruntime-node' | 'onnxruntime-web'): string {
  const output = finalOutput(computation);
  return [
    `import * as ort from '${runtime}';`,
    '',
    `const session = await ort.InferenceSession.create('onnx/${computation.name}.onnx');`,
    'const filled = (value, ...shape) =>',
    "  new ort.Tensor('float32', new Float32Array(shape.reduce((a, b) => a * b)).fill(value), shape);",
    ...inputLines(computation, {
      comment: '//',
      channelsFirst: true,
      filled: (name, shape, value) => `const ${name} = filled(${value}, ${shape.join(', ')});`,
      sketch: (name, side) => {
        const begin = (side * side) / 2 + side / 4;
        return [
          `const ${name} = filled(1, 1, 1, ${side}, ${side});`,
          `${name}.data.fill(-1, ${begin}, ${begin + side / 2});`,
        ];
      },
    }),
    `const { ${output} } = await session.run({ ${names(computation)} });`,
    `console.log('${output}', ${output}.dims, ${output}.data);`,
  ].join('\n');
}

/** JavaScript for a page with TF.js, on WebGL, WebGPU or WebAssembly. */
function tfjsExample(computation: Computation): string {
  const output = finalOutput(computation);
  return [
    "import * as tf from '@tensorflow/tfjs';",
    '',
    `const model = await tf.loadGraphModel('tfjs/${computation.name}/model.json');`,
    ...inputLines(computation, {
      comment: '//',
      channelsFirst: false,
      filled: (name, shape, value) => `const ${name} = tf.fill([${shape.join(', ')}], ${value});`,
      sketch: (name, side) => [
        `const line = tf.fill([1, 1, ${side / 2}, 1], -1);`,
        `const ${name} = line.pad([[0, 0], [${side / 2}, ${side / 2 - 1}], [${side / 4}, ${side / 4}], [0, 0]], 1);`,
      ],
    }),
    `const { ${output} } = model.predict({ ${names(computation)} });`,
    `console.log('${output}', ${output}.shape, await ${output}.data());`,
  ].join('\n');
}
