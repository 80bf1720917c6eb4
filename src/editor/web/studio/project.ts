/** A project file: the photo as it was opened, hole, sketch and strokes of colour as PNG, and l, in one JSON document. */
import { Problem } from './images.ts';

const format = 'deep-plastic-surgery-project';

export interface Project {
  readonly name: string;
  readonly photo: Blob;
  readonly hole: Blob;
  readonly sketch: Blob;
  /** Left out where there are no strokes of colour. */
  readonly colour?: Blob | undefined;
  readonly l: number;
}

export async function encodeProject({ name, l, ...files }: Project): Promise<Blob> {
  const entries = await Promise.all(
    Object.entries(files).flatMap(([key, blob]) =>
      blob ? [toBase64(blob).then((data) => [key, { type: blob.type, data }] as const)] : [],
    ),
  );
  const document = { format, version: 1, name, l, ...Object.fromEntries(entries) };
  return new Blob([JSON.stringify(document)], { type: 'application/json' });
}

/** @throws Problem when it is no JSON, or no project of ours. */
export function decodeProject(text: string): Project {
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Problem('The file is no JSON, so it is no project of this editor.');
  }
  if (document?.format !== format) throw new Problem('This JSON file is not a project of this editor.');
  if (document.version !== 1) {
    throw new Problem(`The project has version ${document.version}; this editor reads version 1.`);
  }
  // Earlier versions of the editor called l `level`.
  const { name, l = document.level } = document;
  return {
    name: typeof name === 'string' ? name : 'project',
    l: typeof l === 'number' && l >= 0 && l <= 1 ? l : 0.5,
    photo: fileOf(document, 'photo'),
    hole: fileOf(document, 'hole'),
    sketch: fileOf(document, 'sketch'),
    ...(document.colour !== undefined && { colour: fileOf(document, 'colour') }),
  };
}

function fileOf(document: Record<string, unknown>, key: string): Blob {
  const { type, data } = (document[key] ?? {}) as { type?: unknown; data?: unknown };
  try {
    if (typeof data !== 'string') throw new Error('no data');
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    return new Blob([bytes], { type: typeof type === 'string' ? type : '' });
  } catch {
    throw new Problem(`The project is damaged: its ${key} cannot be read.`);
  }
}

/** A multiple of three, so that the pieces' codes join to the whole's. */
const piece = 3 * 8192;

async function toBase64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let result = '';
  for (let at = 0; at < bytes.length; at += piece) {
    result += btoa(String.fromCharCode(...bytes.subarray(at, at + piece)));
  }
  return result;
}
