/** Puts an export on the Hugging Face Hub. */
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRepo, HubApiError, uploadFiles, whoAmI } from '@huggingface/hub';
import { UserError } from '../runtime/errors.ts';
import { readText } from '../runtime/files.ts';

/** What is pushed, and where to. */
export interface PushOptions {
  /** A folder of `export --format huggingface`. */
  readonly folder: string;
  /** `USER/NAME` or `ORGANISATION/NAME`. */
  readonly to: string;
  /** An access token of the hub with the permission to write. */
  readonly token: string | undefined;
  /** Who sees a repository that is made for it. One that exists stays as it is. Default: `private`. */
  readonly visibility?: 'private' | 'public' | undefined;
  /** The hub's address. Default: https://huggingface.co. */
  readonly hub?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const HUB = 'https://huggingface.co';

/**
 * Uploads a folder as one commit; the repository is made where there is none. Files there that the folder does not have stay.
 *
 * @returns the address of the model's page.
 * @throws UserError when the folder is no export for the hub, there is no token, or the hub refuses or cannot be reached; the signal's
 *   reason when it was aborted.
 */
export async function pushModel(options: PushOptions): Promise<string> {
  const { folder, to, token, visibility = 'private', hub = HUB, signal } = options;
  if (!/^[\w.-]+\/[\w.-]+$/.test(to))
    throw new UserError('That is no name of a model on the hub.', {
      where: '--to',
      expected: 'USER/NAME or ORGANISATION/NAME, of letters, digits, -, _ and .',
      got: to,
    });
  if (!token?.startsWith('hf_'))
    throw new UserError('The hub wants an access token.', {
      where: 'environment variable HF_TOKEN',
      expected: 'a token that may write; it begins with hf_',
      got: token ? 'something else' : 'nothing',
      fix: `make one at ${HUB}/settings/tokens and run: HF_TOKEN=hf_... npm run push -- ...`,
    });
  const files = await filesOf(folder);
  const access = { accessToken: token, hubUrl: hub };
  const { name, ...account } = await whoAmI(access).catch((error) => {
    throw explain(error, hub, to);
  });
  const owners = [name, ...('orgs' in account ? account.orgs.map((org) => org.name) : [])];
  await createRepo({ ...access, repo: to, visibility }).catch((error) => {
    const exists = error instanceof HubApiError && error.statusCode === 409;
    if (!exists) throw explain(error, hub, to, owners);
  });
  await uploadFiles({
    ...access,
    repo: to,
    files: files.map((path) => ({ path, content: pathToFileURL(join(folder, path)) })),
    commitTitle: 'Upload the model',
    ...(signal && { abortSignal: signal }),
  }).catch((error) => {
    signal?.throwIfAborted();
    throw explain(error, hub, to, owners);
  });
  return `${hub}/${to}`;
}

/** The paths of an export's files, with slashes. @throws UserError when the folder is none that the hub expects. */
async function filesOf(folder: string): Promise<string[]> {
  const card = await readText(join(folder, 'README.md')).catch(() => '');
  if (!card.startsWith('---\n'))
    throw new UserError('The folder is no export for the hub.', {
      where: `--folder ${folder}`,
      expected: 'a README.md that begins with metadata (---)',
      got: card === '' ? 'no README.md' : 'a README.md without',
      fix: 'make it with: npm run export -- --format huggingface --out FOLDER',
    });
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** What the hub's client throws, told as what a user can mend. @param owners for whom the token may write. */
function explain(error: unknown, hub: string, to: string, owners?: readonly string[]): unknown {
  if (error instanceof HubApiError) {
    const { statusCode, message } = error;
    if (statusCode === 401)
      return new UserError('The hub does not accept the token.', {
        where: 'environment variable HF_TOKEN',
        expected: 'a token that is valid and may write',
        got: message,
        fix: `make another at ${HUB}/settings/tokens`,
      });
    if (statusCode === 403 || statusCode === 404)
      return new UserError('The hub does not let you write there.', {
        where: `--to ${to}`,
        expected: `one of ${owners?.map((owner) => `${owner}/NAME`).join(', ')}, and a token that may write`,
        got: message,
      });
    return new UserError('The hub refuses the model.', { where: hub, got: message });
  }
  // fetch says only in the cause what was wrong with the network.
  const cause = error instanceof TypeError ? (error.cause as Error | undefined) : undefined;
  if (cause === undefined) return error;
  return new UserError('The hub cannot be reached.', {
    where: hub,
    got: cause.message || String((cause as NodeJS.ErrnoException).code),
    fix: 'check the network connection; HF_ENDPOINT names another address of the hub',
  });
}
