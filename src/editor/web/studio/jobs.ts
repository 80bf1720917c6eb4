/** What is done with the photo: everything that touches many pixels. It runs in a worker, so that the page never waits. */
import type { Raster } from '../../../infer/raster.ts';
import type { EditorDescription } from '../../description.ts';
import type { Runs } from '../drawing/runs.ts';
import { EngineFailure } from '../engines/engine.ts';
import { Engines } from '../engines/engines.ts';
import { EdgeFinder } from './edges.ts';
import { OpenEdit, regionFor } from './edit.ts';
import { decodeMarks, decodePhoto, encodePng, Problem } from './images.ts';
import { Live, type Patch, patched } from './live.ts';
import { decodeProject, encodeProject } from './project.ts';
import type { FromStudio, JobKind, Jobs, Opened, RegionChoice, Saveable, ToStudio } from './protocol.ts';
import { Keeper, loadStored } from './storage.ts';

const nothing: Runs = new Uint32Array();
const suffixes: Record<Saveable, string> = {
  result: '-edited.png',
  hole: '-mask.png',
  sketch: '-sketch.png',
  project: '.project.json',
};

interface Parts {
  readonly name: string;
  readonly source: Blob;
  readonly photo: Raster;
  readonly pictures: ImageBitmap[];
  readonly hole?: Runs;
  readonly lines?: Runs;
  readonly level?: number;
}

export class StudioJobs {
  readonly #description: EditorDescription;
  readonly #post: (message: FromStudio, transfer?: Transferable[]) => void;
  readonly #live: Live;
  readonly #keeper: Keeper;
  readonly #engines: Engines;
  readonly #edges: EdgeFinder;
  #region: RegionChoice = 'hole';
  #current: OpenEdit | undefined;
  /** What `useResult` replaced. */
  #previous: OpenEdit | undefined;

  constructor(
    description: EditorDescription,
    post: (message: FromStudio, transfer?: Transferable[]) => void,
  ) {
    this.#description = description;
    this.#post = post;
    this.#edges = new EdgeFinder(description);
    this.#engines = new Engines(description, (states, used) => post({ kind: 'engines', states, used }));
    this.#live = new Live(description.model.resolution, this.#engines, post);
    this.#keeper = new Keeper((message) => post({ kind: 'notStored', message }));
  }

  receive(message: Exclude<ToStudio, { kind: 'start' }>): void {
    const current = this.#current;
    if (message.kind === 'job') void this.#answer(message.id, message.job, message.ask);
    else if (message.kind === 'change' && current) {
      current.change(message.command);
      this.#keeper.keep(current);
    } else if (message.kind === 'predict' && current) {
      if (message.level !== current.level) {
        current.level = message.level;
        this.#keeper.keep(current);
      }
      void this.#live.request(current, this.#region, message);
    } else if (message.kind === 'region') {
      this.#region = message.region;
      this.#tellOfFace();
    } else if (message.kind === 'engine') {
      this.#engines.choose(message.engine);
      this.#live.forget();
    }
  }

  async #answer(id: number, job: JobKind, ask: object): Promise<void> {
    try {
      const value = await this.#jobs[job](ask as never);
      const pictures = value && 'pictures' in value ? value.pictures : [];
      this.#post({ kind: 'answer', id, value }, pictures);
    } catch (error) {
      const expected = error instanceof Problem || error instanceof EngineFailure;
      if (!expected) console.error(error);
      this.#post({
        kind: 'error',
        id,
        message: expected ? error.message : `This failed: ${(error as Error).message}`,
      });
    }
  }

  readonly #jobs: { [K in JobKind]: (ask: Jobs[K]['ask']) => Promise<Jobs[K]['answer']> } = {
    open: async ({ blob, name }) => {
      const isProject = blob.type === 'application/json' || name.endsWith('.json');
      const project = isProject ? decodeProject(await blob.text()) : undefined;
      const source = project?.photo ?? blob;
      const decoded = await decodePhoto(source);
      const marks = project && {
        hole: await decodeMarks(project.hole, decoded.photo, 'light'),
        lines: await decodeMarks(project.sketch, decoded.photo, 'dark'),
        level: project.level,
      };
      return this.#begin({ name: project?.name ?? name, source, ...decoded, ...marks });
    },

    openSample: async ({ name, photo, hole, sketch }) => {
      const source = await load(photo);
      const decoded = await decodePhoto(source);
      const marks = async (address: string | undefined, marked: 'light' | 'dark') =>
        address ? decodeMarks(await load(address), decoded.photo, marked) : nothing;
      const drawn = { hole: await marks(hole, 'light'), lines: await marks(sketch, 'dark') };
      return this.#begin({ name, source, ...decoded, ...drawn });
    },

    restore: async () => {
      const stored = await loadStored();
      return stored && this.#begin({ ...stored, ...(await decodePhoto(stored.source)) });
    },

    useResult: async () => {
      const before = this.#edit;
      const source = await encodePng(patched(this.#patch));
      const opened = this.#begin({
        name: before.name,
        source,
        ...(await decodePhoto(source)),
        level: before.level,
      });
      this.#previous = before;
      return opened;
    },

    usePrevious: async () => {
      if (!this.#previous) throw new Problem('There is no photo to go back to.');
      const { name, source, holeRuns: hole, lineRuns: lines, level } = this.#previous;
      return this.#begin({ name, source, ...(await decodePhoto(source)), hole, lines, level });
    },

    edges: async () => {
      const edit = this.#edit;
      if (edit.holeRuns.length === 0) throw new Problem('Paint a hole first: lines are drawn inside it.');
      const region = await regionFor(edit, this.#region, this.#description.model.resolution);
      return this.#edges.find(edit, region);
    },

    save: async ({ what }) => {
      const blob = await this.#savers[what]();
      return { blob, name: `${baseName(this.#edit.name)}${suffixes[what]}` };
    },
  };

  readonly #savers: Record<Saveable, () => Promise<Blob>> = {
    result: () => encodePng(patched(this.#patch)),
    hole: () => encodePng(this.#edit.hole),
    sketch: () => encodePng(this.#edit.sketch),
    project: async () => {
      const { name, source, hole, sketch, level } = this.#edit;
      return encodeProject({
        name,
        photo: source,
        hole: await encodePng(hole),
        sketch: await encodePng(sketch),
        level,
      });
    },
  };

  /** Goes on with another photo. */
  #begin({ name, source, photo, pictures, hole = nothing, lines = nothing, level }: Parts): Opened {
    this.#live.stop();
    this.#previous = undefined;
    this.#current = new OpenEdit(name, source, photo, hole, lines);
    this.#current.level = level ?? this.#current.level;
    this.#keeper.keep(this.#current);
    this.#tellOfFace();
    return { name, width: photo.width, height: photo.height, pictures, hole, lines, level };
  }

  /** Where the face is wanted: whether there is one. A server that fails says so when it is asked for a result. */
  #tellOfFace(): void {
    const edit = this.#current;
    if (this.#region !== 'face' || !edit) return;
    edit.face().then(
      (face) => edit === this.#current && this.#post({ kind: 'face', found: face !== undefined }),
      () => {},
    );
  }

  get #edit(): OpenEdit {
    if (!this.#current) throw new Problem('Open a photo first.');
    return this.#current;
  }

  /** The result of the drawing as it is now. */
  get #patch(): Patch {
    const { patch } = this.#live;
    if (!patch || patch.edit !== this.#current || patch.revision !== this.#current.revision) {
      throw new Problem('There is no result of this drawing yet.');
    }
    return patch;
  }
}

const baseName = (name: string): string => name.replace(/(\.project)?\.\w{1,5}$/, '') || 'photo';

async function load(address: string): Promise<Blob> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok) throw new Problem('The sample cannot be loaded: the server does not answer.');
  return response.blob();
}
