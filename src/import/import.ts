/** Brings weights of others in: what files hold is recognised, checked and written as commands here read it. */
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { importAuxiliary, withTorchNames } from './auxiliary-file.ts';
import { recognizeAuxiliary } from './auxiliary-networks.ts';
import { importDeepPs } from './deepps-checkpoint.ts';
import { recognizeDeepPs } from './deepps-network.ts';
import { findGroups, type NetworkGroup, unknownNetwork } from './groups.ts';
import type { ImportedCheckpoint } from './imported-checkpoint.ts';
import { importTf1 } from './tf1-checkpoint.ts';
import { recognizeTf1 } from './tf1-systems.ts';
import { openWeightFile, type WeightFile } from './weight-file.ts';

export interface ImportOptions {
  readonly from: readonly string[];
  /** What the files are, one name for each in their order; an empty one leaves it to keys, shapes and file names. */
  readonly names?: readonly string[] | undefined;
  /** Folder of the checkpoint, or the safetensors file of a network that losses or metrics use. */
  readonly out: string;
  readonly reporter: Reporter;
}

export type Imported =
  | { readonly kind: 'checkpoint'; readonly checkpoint: ImportedCheckpoint }
  | { readonly kind: 'file'; readonly description: string; readonly use: string };

/**
 * Imports files: DeepPS's networks together as one checkpoint, the checkpoint of another system as one, or one network
 * that losses or metrics use as one safetensors file.
 *
 * @throws UserError when a file cannot be read, its network is not known or does not fit; nothing is left then.
 */
export async function importWeights({ from, names = [], out, reporter }: ImportOptions): Promise<Imported> {
  requireNames(from, names);
  const files: WeightFile[] = [];
  try {
    for (const path of from) files.push(withTorchNames(await openWeightFile(path)));
    const groups = files.flatMap((file, i) => findGroups(file, names[i] || undefined));
    const found = groups.map((group) => ({ group, network: recognizeDeepPs(group) }));
    const others = found.filter(({ network }) => !network).map(({ group }) => group);
    if (others.length > 0) return await importAlone(groups, others[0], out, reporter);
    const networks = found.map(({ network }) => network!);
    return { kind: 'checkpoint', checkpoint: await importDeepPs(networks, out, reporter) };
  } finally {
    for (const file of files) file.close();
  }
}

/** Imports what is no part of DeepPS. Throws a UserError when it is not the only group, or unknown. */
async function importAlone(
  groups: readonly NetworkGroup[],
  group: NetworkGroup,
  out: string,
  reporter: Reporter,
): Promise<Imported> {
  const system = recognizeTf1(group);
  const network = system ? undefined : recognizeAuxiliary(group);
  const description = (system ?? network)?.description;
  if (description === undefined) throw unknownNetwork(group.file);
  if (groups.length > 1)
    throw new UserError('A network that is no part of DeepPS is imported by itself.', {
      where: group.where,
      expected: `${description} alone, as the one --from`,
      got: `${groups.length} networks`,
    });
  if (system) return { kind: 'checkpoint', checkpoint: await importTf1(system, out, reporter) };
  await importAuxiliary(group, network!, out);
  return { kind: 'file', description, use: network!.use.replace('OUT', out) };
}

function requireNames(from: readonly string[], names: readonly string[]): void {
  if (from.length === 0)
    throw new UserError('What is to be imported?', { expected: '--from FILE, at least one' });
  if (names.length === 0 || names.length === from.length) return;
  throw new UserError('Names and files are not equally many.', {
    where: `--as ${names.join(',')}`,
    expected: `${from.length} names separated by commas, one for each --from in its order; empty ones are allowed`,
    got: String(names.length),
  });
}
