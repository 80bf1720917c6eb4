/** What a photo's file says of itself: its size, and what of it a result that is saved as PNG will not have. */
import type { Size } from '../../../infer/raster.ts';
import { say } from '../texts/say.ts';

/** Parts of a file that saved results do not keep, as far as its first bytes tell. */
export interface FileTraits {
  readonly size?: Size | undefined;
  /** Bits a channel, where they are more than 8. */
  readonly bits?: number;
  /** The name of its colour profile, where that is not sRGB. */
  readonly profile?: string;
  readonly isCmyk?: boolean;
  /** Whether its pixels lie otherwise than it is seen. */
  readonly isTurned?: boolean;
  /** Whether it has more than one picture that follow each other. */
  readonly isAnimated?: boolean;
  /** Whether nothing but its size is known. */
  readonly isUnknown?: boolean;
}

/** @param bytes of PNG, JPEG, WebP or GIF, all or the first. Traits that come after them, or are damaged, are not told. */
export async function readTraits(bytes: Uint8Array<ArrayBuffer>): Promise<FileTraits> {
  const file = new Bytes(bytes);
  const traits: Writable<FileTraits> = {};
  try {
    if (file.text(1, 3) === 'PNG') await readPng(file, traits);
    else if (file.text(0, 3) === 'GIF') readGif(file, traits);
    else if (file.text(0, 4) === 'RIFF' && file.text(8, 4) === 'WEBP') readWebp(file, traits);
    else if (file.uint16(0) === 0xffd8) readJpeg(file, traits);
    else traits.isUnknown = true;
  } catch (error) {
    // The file ends too early, or its profile cannot be unpacked.
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
  }
  return traits;
}

/** The exceptions from “every other pixel keeps the file's values”, for people; none where there are none. */
export function exceptionsOf(traits: FileTraits, isSeeThrough: boolean, isExact: boolean): string[] {
  const { bits, profile, isCmyk, isTurned, isAnimated, isUnknown } = traits;
  return [
    !isExact &&
      say`this browser adds noise to pixels that a page reads, as protection from tracking: allow this page to read canvases`,
    isCmyk && say`CMYK becomes RGB`,
    profile && say`colours of the profile “${profile}” become sRGB`,
    bits && say`${bits} bits a channel become 8`,
    isSeeThrough && say`see-through pixels keep their opacity, but their colours may be rounded`,
    isAnimated && say`of the animation the first picture is taken`,
    isTurned && say`it is saved upright rather than turned by a note in the file`,
    isUnknown && say`colours of this format become 8-bit sRGB`,
  ].filter((sentence) => typeof sentence === 'string');
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Numbers and texts at places of a file. @throws RangeError beyond its end. */
class Bytes {
  readonly all: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;

  constructor(all: Uint8Array<ArrayBuffer>) {
    this.all = all;
    this.#view = new DataView(all.buffer, all.byteOffset, all.byteLength);
  }
  uint8 = (at: number) => this.#view.getUint8(at);
  uint16 = (at: number) => this.#view.getUint16(at);
  uint16le = (at: number) => this.#view.getUint16(at, true);
  uint24le = (at: number) => this.uint16le(at) + this.uint8(at + 2) * 65536;
  uint32 = (at: number) => this.#view.getUint32(at);
  uint32le = (at: number) => this.#view.getUint32(at, true);
  text = (at: number, length: number) => String.fromCharCode(...this.all.subarray(at, at + length));
  part = (at: number, length: number) => new Bytes(this.all.subarray(at, at + length));
}

async function readPng(file: Bytes, traits: Writable<FileTraits>): Promise<void> {
  traits.size = { width: file.uint32(16), height: file.uint32(20) };
  if (file.uint8(24) === 16) traits.bits = 16;
  for (let at = 8; ; ) {
    const [length, type, content] = [file.uint32(at), file.text(at + 4, 4), at + 8];
    if (type === 'IDAT' || type === 'IEND') return;
    if (type === 'acTL') traits.isAnimated = true;
    if (type === 'eXIf') traits.isTurned = isTurned(file.part(content, length));
    // Coded by numbers: 1 is the primaries of sRGB, 13 its curve.
    if (type === 'cICP' && (file.uint8(content) !== 1 || file.uint8(content + 1) !== 13))
      traits.profile = say`wide gamut or HDR`;
    if (type === 'iCCP') {
      const chunk = file.part(content, length).all;
      const packed = new Blob([chunk.subarray(chunk.indexOf(0) + 2)]);
      const stream = packed.stream().pipeThrough(new DecompressionStream('deflate'));
      readProfile(new Bytes(new Uint8Array(await new Response(stream).arrayBuffer())), traits);
    }
    at = content + length + 4;
  }
}

function readJpeg(file: Bytes, traits: Writable<FileTraits>): void {
  let at = 2;
  for (;;) {
    const marker = file.uint16(at);
    // Padding before a marker.
    if (marker === 0xffff) {
      at += 1;
      continue;
    }
    const [content, length] = [at + 4, file.uint16(at + 2) - 2];
    if (marker === 0xffe1 && file.text(content, 4) === 'Exif')
      traits.isTurned = isTurned(file.part(content, length));
    // A long profile is in several parts, of which the first has its name.
    if (marker === 0xffe2 && file.text(content, 11) === 'ICC_PROFILE' && file.uint8(content + 12) === 1)
      readProfile(file.part(content + 14, length - 14), traits);
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) {
      if (file.uint8(content) > 8) traits.bits = file.uint8(content);
      if (file.uint8(content + 5) === 4) traits.isCmyk = true;
      traits.size = { width: file.uint16(content + 3), height: file.uint16(content + 1) };
      return;
    }
    at = content + length;
  }
}

function readWebp(file: Bytes, traits: Writable<FileTraits>): void {
  const chunk = file.text(12, 4);
  if (chunk === 'VP8 ') {
    traits.size = { width: file.uint16le(26) & 0x3fff, height: file.uint16le(28) & 0x3fff };
  } else if (chunk === 'VP8L') {
    const bits = file.uint32le(21);
    traits.size = { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  } else if (chunk === 'VP8X') {
    traits.size = { width: file.uint24le(24) + 1, height: file.uint24le(27) + 1 };
    traits.isAnimated = (file.uint8(20) & 2) !== 0;
    for (let at = 30; ; ) {
      const [type, length] = [file.text(at, 4), file.uint32le(at + 4)];
      if (type === 'ICCP') readProfile(file.part(at + 8, length), traits);
      if (type === 'EXIF') traits.isTurned = isTurned(file.part(at + 8, length));
      at += 8 + length + (length % 2);
    }
  }
}

function readGif(file: Bytes, traits: Writable<FileTraits>): void {
  traits.size = { width: file.uint16le(6), height: file.uint16le(8) };
  /** The bytes of a palette, by the flags that say whether there is one. */
  const palette = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  for (let at = 13 + palette(file.uint8(10)), pictures = 0; file.uint8(at) !== 0x3b; at += 1) {
    if (file.uint8(at) === 0x2c) {
      pictures += 1;
      at += 11 + palette(file.uint8(at + 9));
    } else at += 2;
    traits.isAnimated = pictures > 1;
    // Blocks of data, the last of which is empty.
    while (file.uint8(at) > 0) at += 1 + file.uint8(at);
  }
}

/** The orientation that EXIF notes, in a TIFF header of its own: 1 is upright. */
function isTurned(exif: Bytes): boolean {
  const tiff = exif.text(0, 4) === 'Exif' ? exif.part(6, exif.all.length - 6) : exif;
  const isLittle = tiff.text(0, 2) === 'II';
  const uint16 = isLittle ? tiff.uint16le : tiff.uint16;
  const list = isLittle ? tiff.uint32le(4) : tiff.uint32(4);
  for (let k = 0; k < uint16(list); k++) {
    const entry = list + 2 + 12 * k;
    if (uint16(entry) === 0x0112) return uint16(entry + 8) > 1;
  }
  return false;
}

/** Notes the name of an ICC profile, unless it is sRGB's or that of grey. */
function readProfile(profile: Bytes, traits: Writable<FileTraits>): void {
  const space = profile.text(16, 4);
  if (space === 'CMYK') traits.isCmyk = true;
  if (space !== 'RGB ') return;
  const name = profileName(profile);
  if (!/srgb|\bc2$/i.test(name)) traits.profile = name;
}

function profileName(profile: Bytes): string {
  for (let k = 0; k < profile.uint32(128); k++) {
    const entry = 132 + 12 * k;
    if (profile.text(entry, 4) !== 'desc') continue;
    const at = profile.uint32(entry + 4);
    // Of version 2 in ASCII, of version 4 in UTF-16.
    if (profile.text(at, 4) === 'desc') return profile.text(at + 12, profile.uint32(at + 8) - 1);
    const [length, offset] = [profile.uint32(at + 20), profile.uint32(at + 24)];
    return new TextDecoder('utf-16be').decode(profile.part(at + offset, length).all);
  }
  return say`without a name`;
}
