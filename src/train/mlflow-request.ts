/** A request to a server, for a thread of its own: training steps would delay it until it has timed out. */

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
}

const TIMEOUT = 30_000;

/** The answer's status and body. Throws an Error when there is none within 30 s. */
export async function send({
  url,
  method,
  headers,
  body,
}: Request): Promise<{ status: number; body: string }> {
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: body ?? null,
      signal: AbortSignal.timeout(TIMEOUT),
    });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error & { code?: string } };
    throw new Error(cause?.code ?? cause?.message ?? message);
  }
}
