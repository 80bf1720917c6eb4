/**
 * PyTorch's file format since version 1.6: an uncompressed zip archive whose one folder holds the pickled object
 * `data.pkl`, the storages `data/KEY` and the order of their bytes, `byteorder`. caffe2/serialize/inline_container.h
 */
import yauzl from 'yauzl';
import { UserError } from '../../runtime/errors.ts';
import type { FileBytes } from '../../runtime/files.ts';
import { explainSystemError } from '../../runtime/system-errors.ts';
import { PickleInput, unpickle } from './pickle.ts';
import { MAX_PICKLE_BYTES, type TorchContent, TorchVocabulary } from './tensors.ts';

const STORED = 0;

/** Reads the object in a file of the zip form without its tensors' elements. Throws a UserError when it is damaged. */
export async function readZip(file: FileBytes): Promise<TorchContent> {
  const archive = await Archive.open(file);
  const pickle = await archive.locate('data.pkl');
  if (pickle.length > MAX_PICKLE_BYTES)
    throw file.damaged(`a data.pkl of at most ${MAX_PICKLE_BYTES} bytes`, `${pickle.length}`);
  const vocabulary = new TorchVocabulary(file);
  const input = new PickleInput(file, pickle.start, pickle.start + pickle.length);
  const value = unpickle(input, vocabulary);
  const starts = new Map<string, number>();
  for (const { key, type, wholeLength } of vocabulary.storages.values()) {
    const { start, length } = await archive.locate(`data/${key}`);
    const expected = wholeLength * type.bytes;
    if (length !== expected) throw file.damaged(`${expected} bytes in data/${key.slice(0, 80)}`, `${length}`);
    starts.set(key, start);
  }
  return { value, starts, bigEndian: await isBigEndian(file, archive), unknown: vocabulary.unknown };
}

/** Files of PyTorch before 2.1 do not say; they are little-endian. */
async function isBigEndian(file: FileBytes, archive: Archive): Promise<boolean> {
  if (!archive.has('byteorder')) return false;
  const { start, length } = await archive.locate('byteorder');
  const order = Buffer.from(file.read(start, Math.min(length, 6))).toString('latin1');
  if (order !== 'little' && order !== 'big')
    throw file.damaged('the byte order little or big', JSON.stringify(order));
  return order === 'big';
}

class Archive {
  readonly #file: FileBytes;
  readonly #zip: yauzl.ZipFile;
  readonly #entries: ReadonlyMap<string, yauzl.Entry>;
  /** The archive's one folder, with a slash. */
  readonly #folder: string;

  private constructor(
    file: FileBytes,
    zip: yauzl.ZipFile,
    entries: ReadonlyMap<string, yauzl.Entry>,
    folder: string,
  ) {
    this.#file = file;
    this.#zip = zip;
    this.#entries = entries;
    this.#folder = folder;
  }

  static async open(file: FileBytes): Promise<Archive> {
    const entries = new Map<string, yauzl.Entry>();
    const zip = await sound(file, async () => {
      const opened = await yauzl.fromRandomAccessReaderPromise(new Reader(file), file.size, {
        autoClose: false,
      });
      for await (const entry of opened.eachEntry()) {
        if (entries.has(entry.fileName)) throw new Error(`two entries named ${entry.fileName}`);
        entries.set(entry.fileName, entry);
      }
      return opened;
    });
    const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    const folder = pickles[0]?.replace('data.pkl', '');
    if (folder === undefined || pickles.length > 1) throw notPyTorch(file, [...entries.keys()]);
    if (entries.has(`${folder}constants.pkl`)) throw compiled(file);
    return new Archive(file, zip, entries, folder);
  }

  has(name: string): boolean {
    return this.#entries.has(this.#folder + name);
  }

  /** Where an entry's bytes are in the file. Throws a UserError when it is missing, compressed or damaged. */
  async locate(name: string): Promise<{ start: number; length: number }> {
    const entry = this.#entries.get(this.#folder + name);
    if (!entry) throw this.#file.damaged(`an entry ${name.slice(0, 80)} in the archive`, 'none');
    if (entry.compressionMethod !== STORED || entry.isEncrypted())
      throw this.#file.damaged(
        `${name} uncompressed, as torch.save writes it`,
        'a compressed or encrypted one',
      );
    const header = { minimal: true } as const;
    const { fileDataStart: start } = await sound(this.#file, () =>
      this.#zip.readLocalFileHeaderPromise(entry, header),
    );
    const length = entry.uncompressedSize;
    // PyTorch writes 0 when it is told to leave the sum out.
    if (entry.crc32 !== 0 && this.#file.crc32(start, length) !== entry.crc32)
      throw this.#file.damaged(`the check sum of ${name}`, 'another: its bytes have changed');
    return { start, length };
  }
}

/** Lets yauzl read through {@link FileBytes}, which refuses positions outside the file: they would end the process. */
class Reader extends yauzl.RandomAccessReader {
  readonly #file: FileBytes;

  constructor(file: FileBytes) {
    super();
    this.#file = file;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    let failure: Error | null = null;
    try {
      buffer.set(this.#file.read(position, length), offset);
    } catch (error) {
      failure = error as Error;
    }
    callback(failure);
  }
}

/** Gives what `use` gives. An error of yauzl means a damaged archive and becomes a UserError; the system's say nothing of it. */
async function sound<T>(file: FileBytes, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof UserError || explainSystemError(error)) throw error;
    throw file.damaged('a whole zip archive', (error as Error).message.slice(0, 200));
  }
}

function notPyTorch(file: FileBytes, names: readonly string[]): UserError {
  const shown = names.slice(0, 4).join(', ').slice(0, 200);
  return new UserError('A zip archive is not one of PyTorch’s.', {
    where: file.path,
    expected: 'one folder with data.pkl, as torch.save writes it',
    got: `${names.length} entries${shown ? `: ${shown}` : ''}`,
    fix: 'if files were zipped to send them, unpack the archive and import what is in it',
  });
}

function compiled(file: FileBytes): UserError {
  return new UserError('A PyTorch file holds a compiled model (TorchScript).', {
    where: file.path,
    expected: 'a state dict: tensors by name',
    fix: 'in Python: torch.save(torch.jit.load(FILE, "cpu").state_dict(), "weights.pth")',
  });
}
