/** Whether steps can be computed in the precision that a configuration asks for. */
import { existsSync, readFileSync } from 'node:fs';
import type { Locate } from '../config/explain.ts';
import type { RunConfig } from '../config/run-config.ts';
import { nativeBackend } from '../ops/raw.ts';
import { UserError } from '../runtime/errors.ts';

/** What decides it. */
export interface Machine {
  readonly gpu: boolean;
  /** Whether TensorFlow computes by oneDNN, which alone has such kernels. */
  readonly oneDnn: boolean;
  /** What Linux says of the processor; empty on other systems. */
  readonly processor: string;
}

export const thisMachine = (): Machine => ({
  gpu: nativeBackend().isUsingGpuDevice,
  oneDnn: process.env.TF_ENABLE_ONEDNN_OPTS !== '0',
  processor: existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '',
});

/** Why steps cannot be computed in bfloat16; undefined where they can. */
export function lackOfBfloat16({ gpu, oneDnn, processor }: Machine): string | undefined {
  if (gpu) return 'a GPU';
  if (!oneDnn) return 'TF_ENABLE_ONEDNN_OPTS=0';
  if (/\b(avx512_bf16|amx_bf16)\b/.test(processor)) return undefined;
  return 'a processor in whose flags in /proc/cpuinfo is neither';
}

/** @throws UserError where steps would not be computed in that precision, or more slowly than in float32. */
export function requirePrecision(
  { precision, compile }: RunConfig['runtime'],
  machine: Machine,
  locate: Locate,
): void {
  if (precision === 'float32') return;
  const where = locate(['runtime', 'precision']);
  if (compile !== true)
    throw new UserError('Only a training step that TensorFlow compiles is computed in bfloat16.', {
      where,
      expected: 'runtime.compile: true',
      got: `runtime.compile: ${compile}`,
      fix: 'leave runtime.compile out, or set runtime.precision: float32',
    });
  const lack = lackOfBfloat16(machine);
  if (lack !== undefined)
    throw new UserError('This machine cannot compute training steps in bfloat16.', {
      where,
      expected: 'Linux on a CPU with avx512_bf16 or amx_bf16, and oneDNN',
      got: lack,
      fix: 'set runtime.precision: float32',
    });
}
