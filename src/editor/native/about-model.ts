/** What a model is, for people who have not made it: by its checkpoint, and by its card where it ships with one. */
import { join } from 'node:path';
import { configuredSources } from '../../config/run-config.ts';
import { isPretrained } from '../../core/checkpoint.ts';
import type { LoadedMethod } from '../../models/load.ts';
import { ifThere, readText } from '../../runtime/files.ts';
import type { AboutModel } from '../wire.ts';

/** Networks that see no more of a face than this, px, are to show how all this works. */
const DEMONSTRATION = 64;

export async function aboutModel({ path, config, checkpoint }: LoadedMethod): Promise<AboutModel> {
  const ships = isPretrained(path);
  const card = ships ? await ifThere(readText(join(path, 'README.md'))) : undefined;
  return {
    title: config.name,
    steps: checkpoint.step,
    kind: ships ? 'ships' : config.resolution <= DEMONSTRATION ? 'demonstration' : 'trained',
    knowsDrawnPeopleAlone:
      !checkpoint.origin && configuredSources(config.data).every(({ source }) => source.kind === 'faces'),
    failures: failuresIn(card ?? ''),
  };
}

/** The items of a model card's section “Failures”, without marks of Markdown. */
export function failuresIn(card: string): string[] {
  const section = card.split(/^## +/m).find((part) => part.startsWith('Failures\n')) ?? '';
  return section
    .split(/^- /m)
    .slice(1)
    .map((item) => item.replaceAll(/[`*]/g, '').replaceAll(/\s+/g, ' ').trim());
}
