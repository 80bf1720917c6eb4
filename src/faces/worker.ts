/** A thread of {@link renderFaces}: renders the faces it is given, each into its own file. */
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { type FromWorker, faceFile, faceSeed, type RenderJob, type ToWorker } from './cache.ts';
import { renderFace } from './faces.ts';
import { loadHead } from './load-head.ts';

const port = parentPort!;
const job = workerData as RenderJob;
// The threads are as many as the cores already.
sharp.concurrency(1);

async function writeFace(face: number, image: Uint8Array): Promise<void> {
  const { size, folder } = job;
  const png = await sharp(image, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
  const file = path.join(folder, faceFile(face));
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(png);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

const head = await loadHead(job);
const send = (message: FromWorker) => port.postMessage(message);

port.on('message', async (message: ToWorker) => {
  if ('end' in message) {
    port.close();
    return;
  }
  try {
    await writeFace(message.face, renderFace(head, faceSeed(job.seed, message.face), job.size));
    send({ done: message.face });
  } catch (error) {
    send({ failed: message.face, reason: error instanceof Error ? error.message : String(error) });
  }
});
send({ done: undefined });
