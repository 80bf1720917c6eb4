/** Programs of about ten lines that run an exported model, for the model card. */
import type { PortKind } from '../core/ports.ts';
import type { Computation } from './computation.ts';

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

const finalOutput = ({ outputs }: Computation): string => Object.keys(outputs).at(-1)!;
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

/** JavaScript with onnxruntime: `onnxruntime-node`, or `onnxruntime-web` in a page. */
export function onnxExample(
  computation: Computation,
  runtime: 'onnxruntime-node' | 'onnxruntime-web',
): string {
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
export function tfjsExample(computation: Computation): string {
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
