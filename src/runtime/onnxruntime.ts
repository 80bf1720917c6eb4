import { createRequire } from 'node:module';

/**
 * onnxruntime for Node, which sends usage data to its makers unless a variable of the environment, read when it is
 * loaded, says otherwise. Who sets that variable decides; here nothing is sent.
 */
export function loadOnnxruntime(): typeof import('onnxruntime-node') {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  return createRequire(import.meta.url)('onnxruntime-node');
}
