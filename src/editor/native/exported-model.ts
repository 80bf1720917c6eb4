/** The checkpoint as an ONNX model for inference in the page: exported when it is first asked for, and kept. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readManifest } from '../../core/checkpoint.ts';
import { UserError } from '../../runtime/errors.ts';

export interface ModelFile {
  readonly path: string;
  readonly bytes: number;
}

export class ExportedModel {
  readonly #checkpoint: string;
  readonly #cache: string;
  #file: Promise<ModelFile> | undefined;
  #process: ChildProcess | undefined;

  /** @param cache the folder for what can be made again. */
  constructor(checkpoint: string, cache: string) {
    this.#checkpoint = checkpoint;
    this.#cache = cache;
  }

  /** @throws UserError when the checkpoint cannot be exported; the next call tries again. */
  file(): Promise<ModelFile> {
    this.#file ??= this.#make().catch((error) => {
      this.#file = undefined;
      throw error;
    });
    return this.#file;
  }

  close(): void {
    this.#process?.kill();
  }

  async #make(): Promise<ModelFile> {
    const { sha256 } = await readManifest(this.#checkpoint);
    const folder = join(this.#cache, `editor-model-${sha256.slice(0, 16)}`);
    // An export appears under its name only when it is whole.
    if (!existsSync(folder)) await this.#export(folder);
    const path = join(folder, 'onnx', 'pipeline.onnx');
    return { path, bytes: (await stat(path)).size };
  }

  #export(folder: string): Promise<void> {
    const entry = fileURLToPath(new URL('./export-entry.mjs', import.meta.url));
    const child = fork(entry, [this.#checkpoint, folder], { execArgv: ['--disable-warning=DEP0051'] });
    this.#process = child;
    return new Promise((resolve, reject) => {
      let told: string | undefined;
      child.on('message', (message: string) => {
        told = message;
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        this.#process = undefined;
        if (code === 0) resolve();
        else reject(new UserError(told ?? `The export ended early (${signal ?? `status ${code}`}).`));
      });
    });
  }
}
