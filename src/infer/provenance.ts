/**
 * What the files of results say of themselves: that a machine made them, or a part of them. In words, for people who look at a
 * file's properties, and as IPTC's digital source type, for programs. The pixels stay as they are.
 */
import { AFTER_HEADER, pngChunk } from './png-chunk.ts';

/** How a picture came to be. */
export interface Provenance {
  /** Whether a network filled a part of a photo, or drew all of the picture. */
  readonly made: 'part' | 'whole';
  /** For people; undefined where it is not known. */
  readonly model?: string | undefined;
  /** How freely the sketch was taken, in [0, 1]; undefined where the model has no l, or the picture shows several. */
  readonly l?: number | undefined;
}

/** This program, in files. */
const SOFTWARE = 'deep-plastic-surgery';

/** Terms of https://cv.iptc.org/newscodes/digitalsourcetype/. */
const SOURCE_TYPES = {
  part: 'compositeWithTrainedAlgorithmicMedia',
  whole: 'trainedAlgorithmicMedia',
} as const;

const STATEMENTS = {
  part: 'Edited by a machine: a neural network made what is shown in one or more parts of this photo.',
  whole: 'Made by a machine: a neural network made this picture.',
} as const;

/** A PNG file with what {@link provenanceChunks} says. */
export function withProvenance(png: Uint8Array, provenance: Provenance): Uint8Array<ArrayBuffer> {
  const parts = [png.subarray(0, AFTER_HEADER), ...provenanceChunks(provenance), png.subarray(AFTER_HEADER)];
  const marked = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    marked.set(part, at);
    at += part.length;
  }
  return marked;
}

/** Chunks for a PNG file, after its header: texts (iTXt) for people, and an XMP packet for programs. */
export function provenanceChunks(provenance: Provenance): Uint8Array<ArrayBuffer>[] {
  const model = provenance.model?.replaceAll(/\p{Cc}/gu, ' ');
  const statement = stateInWords({ ...provenance, model });
  return [
    textChunk('Software', SOFTWARE),
    textChunk('Description', statement),
    textChunk('XML:com.adobe.xmp', xmpPacket(statement, provenance.made, model)),
  ];
}

function stateInWords({ made, model, l }: Provenance): string {
  const how = [model && `model ${model}`, l !== undefined && `l = ${Number(l.toFixed(4))}`]
    .filter(Boolean)
    .join('; ');
  return how ? `${STATEMENTS[made]} (${how})` : STATEMENTS[made];
}

/** Text in UTF-8, not compressed, of no language (PNG specification, 11.3.3.4). @param keyword in ASCII. */
function textChunk(keyword: string, text: string): Uint8Array<ArrayBuffer> {
  return pngChunk('iTXt', new TextEncoder().encode(`${keyword}\0\0\0\0\0${text}`));
}

/** The properties' names are those of the IPTC Photo Metadata Standard 2025.1 and of XMP itself. */
function xmpPacket(statement: string, made: Provenance['made'], model: string | undefined): string {
  const version = model && `\n      Iptc4xmpExt:AISystemVersionUsed="${escaped(model)}"`;
  return `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about=""
      xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"
      xmlns:xmp="http://ns.adobe.com/xap/1.0/"
      xmp:CreatorTool="${SOFTWARE}"
      Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/${SOURCE_TYPES[made]}"
      Iptc4xmpExt:AISystemUsed="${SOFTWARE}"${version ?? ''}>
      <dc:description><rdf:Alt><rdf:li xml:lang="x-default">${escaped(statement)}</rdf:li></rdf:Alt></dc:description>
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>`;
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
