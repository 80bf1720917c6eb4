/** The local server: TensorFlow with the checkpoint itself. */
import {
  decodeOutput,
  type EditorDescription,
  type EngineInput,
  type EngineOutput,
  encodeInput,
  serverErrors,
} from '../../wire.ts';
import { randomId } from '../random-id.ts';
import { say, translated } from '../texts/say.ts';
import { type Engine, EngineFailure } from './engine.ts';

/** Tells the server which requests come from this page, so that a newer one takes an older one's place. */
const page = randomId();

export class ServerEngine implements Engine {
  readonly id = 'server';
  readonly #query: string;

  /** @param query names the model, see {@link queryOf}. */
  constructor(query: string) {
    this.#query = query;
  }

  async predict(input: EngineInput, signal: AbortSignal): Promise<EngineOutput> {
    return decodeOutput(await postToServer(`api/predict${this.#query}`, encodeInput(input), signal));
  }
}

/** Names the model in the address of a request, where the server has several. */
export const queryOf = ({ model, otherModels }: EditorDescription): string =>
  otherModels ? `?model=${encodeURIComponent(model.name)}` : '';

/** @throws EngineFailure with what the server says, or that it is gone. */
export async function postToServer(
  path: string,
  body: Uint8Array<ArrayBuffer>,
  signal?: AbortSignal,
): Promise<ArrayBuffer> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream', 'X-Editor-Page': page },
      body,
      signal: signal ?? null,
    });
    if (response.ok) return await response.arrayBuffer();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new EngineFailure('server', say`The editor’s server does not answer. Start it again: npm run edit`);
  }
  const { error } = (await response.json().catch(() => ({}))) as { error?: string };
  // Errors that name a detail stay in the server's words.
  const known = Object.values(serverErrors).find((text) => text === error);
  const told = known ? translated(known) : error;
  throw new EngineFailure('server', told ?? say`The server answered with status ${response.status}.`);
}
