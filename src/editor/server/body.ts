import type { IncomingMessage } from 'node:http';
import { Refusal } from './respond.ts';

/**
 * The body of a request, which must be of the one right length: nothing larger is ever held.
 *
 * @throws Refusal when it has another length or ends early.
 */
export async function readBody(request: IncomingMessage, length: number): Promise<Uint8Array> {
  if (request.headers['content-type'] !== 'application/octet-stream') {
    throw new Refusal(415, 'The body must be application/octet-stream.');
  }
  const declared = request.headers['content-length'];
  if (declared === undefined) throw new Refusal(411, 'The request needs a Content-Length.');
  if (Number(declared) !== length) {
    throw new Refusal(
      Number(declared) > length ? 413 : 400,
      `The body must have ${length} bytes, not ${declared}.`,
    );
  }
  const body = Buffer.allocUnsafe(length);
  let at = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunk.copy(body, at);
      at += chunk.length;
    }
  } catch {
    throw new Refusal(400, 'The request ended before its body was complete.');
  }
  return body;
}
