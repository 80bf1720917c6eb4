/** The model card of a model that ships: what the program knows of it, and what only those who publish it know. */
import type { CheckpointManifest } from '../core/checkpoint.ts';
import { UserError } from '../runtime/errors.ts';
import { readText } from '../runtime/files.ts';
import { originText, proofTable, purposeOf, table } from './model-card.ts';
import type { Proof } from './proof.ts';
import { describeOrigin, LICENCE, type Origin } from './report.ts';

/** Sections that those who publish a model write, by their titles. */
const SECTIONS = {
  Data: 'what it was trained on, and how people were divided into splits',
  Licences: 'of the data and of these weights',
  Training: 'hours, machine, what was tried',
  Metrics: 'on held-out people, with intervals, and the command that measures them',
  Failures: 'what it draws badly, and for whom',
  'Not to be used for': 'what it must not be used for',
} as const;

type Title = keyof typeof SECTIONS;
/** What those who publish a model say of it. */
export type Statements = Readonly<Partial<Record<Title, string>>>;

/**
 * Reads a Markdown file of sections `## TITLE`, each of which may be absent or empty.
 *
 * @throws UserError when the file cannot be read, or holds something else.
 */
export async function readStatements(path: string): Promise<Statements> {
  const titles = Object.keys(SECTIONS);
  const wrong = (got: string) =>
    new UserError('The text for the model card cannot be used.', {
      where: `--card ${path}`,
      expected: `Markdown of the sections ${titles.map((title) => `“## ${title}”`).join(', ')}, each at most once`,
      got,
    });
  const text = await readText(path).catch((error: Error) => {
    throw wrong(error.message);
  });
  const [before, ...parts] = text.replaceAll('\r\n', '\n').split(/^## +/m);
  if (before.trim() !== '') throw wrong(`text before the first section: ${before.trim().split('\n')[0]}`);
  const statements: Record<string, string> = {};
  for (const part of parts) {
    const [first, ...lines] = part.split('\n');
    const title = first.trim();
    if (!titles.includes(title)) throw wrong(`a section “## ${title}”`);
    if (title in statements) throw wrong(`two sections “## ${title}”`);
    statements[title] = lines.join('\n').trim();
  }
  return statements;
}

/** The titles of the sections that nobody has written. */
export const missingSections = (statements: Statements): string[] =>
  (Object.keys(SECTIONS) as Title[]).filter((title) => !statements[title]);

/** The sections of a card that those who publish the model write, and what is not stated. */
export const statementSections = (statements: Statements): string[] =>
  (Object.keys(SECTIONS) as Title[]).map((title) => {
    const text = statements[title] || `*Not stated (${SECTIONS[title]}).*`;
    return `## ${title}\n\n${title === 'Licences' ? `${LICENCE}\n\n` : ''}${text}`;
  });

interface PretrainedCard {
  readonly name: string;
  readonly origin: Origin;
  readonly files: CheckpointManifest['files'];
  readonly proof: Proof;
  readonly statements: Statements;
}

export function pretrainedCard({ name, origin, files, proof, statements }: PretrainedCard): string {
  const { config, controls } = origin;
  const uses = [
    ...(config.task === 'edit' ? [`npm run edit -- --checkpoint ${name}`] : []),
    `npm run infer -- --checkpoint ${name} ${config.task === 'edit' ? '--image a.png --mask m.png ' : ''}${controls.includes('sketch') ? '--sketch s.png ' : ''}--out results`,
    `npm run export -- --checkpoint ${name} --out exports/${name}`,
  ];
  const rows = Object.entries(files).map(([file, { bytes }]) => [
    `\`${file}\``,
    `${(bytes / 1e6).toFixed(1)} MB`,
  ]);
  const sections = [
    `# ${name}\n\n${describeOrigin(origin)}. ${purposeOf(origin)}`,
    `## Use\n\n\`\`\`\n${uses.join('\n')}\n\`\`\``,
    ...statementSections(statements),
    `## Files\n\n${table(['File', 'Size'], rows)}\n\n\`manifest.json\` has their SHA-256.`,
    `## Equality with the checkpoint\n\n${proofTable([proof], controls.includes('l'))}`,
    `## Origin\n\n${originText(origin, 'manifest.json')}`,
  ];
  return `${sections.join('\n\n')}\n`;
}
