import { join } from 'node:path';
import { openOnnx } from '../../graph/onnx/session.ts';
import { writeOnnx } from '../../graph/onnx/write.ts';
import { writeFileAtomically } from '../../runtime/files.ts';
import { compareOutputs, toleranceOf } from '../proof.ts';
import { PRODUCER } from '../report.ts';
import type { Exporter } from './exporter.ts';

/** `onnx/NAME.onnx`, run by onnxruntime. */
export const exportOnnx: Exporter = async (source, { folder, precision, description, metadata }) => {
  const { name, inputs, outputs } = source.computation;
  const meanings = Object.entries(inputs).map(([port, { meaning }]) => [port, meaning] as const);
  const path = join(folder, 'onnx', `${name}.onnx`);
  const ports = { ...Object.fromEntries(meanings), ...outputs };
  const options = { name, precision, producer: PRODUCER, description, ports, metadata };
  await writeFileAtomically(path, writeOnnx(source.graph(), options));
  const session = await openOnnx(path);
  const runner = { run: session.run, close: session.release };
  const compared = await compareOutputs(source.cases(), runner);
  return [
    { network: name, format: 'onnx', runtime: 'onnxruntime', tolerance: toleranceOf(precision), ...compared },
  ];
};
