/** The thread of {@link CheckpointWriter}: writes checkpoints one after another. */
import { parentPort } from 'node:worker_threads';
import { type CheckpointHead, writeCheckpoint } from '../core/checkpoint.ts';
import type { TensorToStore } from '../weights/safetensors.ts';

/** A checkpoint to be written, see {@link writeCheckpoint}. */
export interface WriteRequest {
  readonly folder: string;
  readonly head: CheckpointHead;
  readonly tensors: Readonly<Record<string, [string, TensorToStore][]>>;
}

/** The path of what was written, or why it was not. */
export type WriteReply = { readonly path: string } | { readonly failure: string };

const port = parentPort!;

port.on('message', async ({ folder, head, tensors }: WriteRequest) => {
  let reply: WriteReply;
  try {
    reply = { path: await writeCheckpoint(folder, head, tensors) };
  } catch (error) {
    reply = { failure: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(reply);
});
