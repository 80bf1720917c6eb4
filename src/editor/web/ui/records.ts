/** The edits that the browser keeps, as the page uses them: one is open here, others are recent or open in other tabs. */
import type { Remote } from 'comlink';
import { History } from '../drawing/history.ts';
import { say } from '../texts/say.ts';
import type { KeepingEvent } from '../worker/keeping.ts';
import type { SampleFiles } from '../worker/opening.ts';
import type { Row } from '../worker/records.ts';
import type { Opened, PhotoWorker } from '../worker/worker.ts';
import type { Editor } from './editor.ts';
import { Signal } from './signal.ts';
import type { Tabs } from './tabs.ts';

export class Records {
  /** Why what is done is not kept in the browser; undefined while it is. */
  readonly unkept = new Signal<string | undefined>(undefined);
  /** Whether something was done or computed last that is not stored yet. */
  readonly isStoring = new Signal(false);
  readonly #editor: Editor;
  readonly #tabs: Tabs;
  /** The name of the edit that is open. */
  #name = '';

  constructor(editor: Editor, tabs: Tabs) {
    this.#editor = editor;
    this.#tabs = tabs;
    tabs.onLeave = () => this.#leave();
    editor.onKeeping = (event) => this.#receive(event);
    editor.acts.watch((acts) => {
      if (acts > 0) this.isStoring.value = true;
    });
  }

  /** Begins an edit with a photo or a project. The one that was open stays among the recent ones. */
  open(blob: Blob, name: string): Promise<void> {
    return this.#begin(say`Opening ${name}`, async (worker) =>
      worker.open(blob, name, this.#editor.settings, await this.#tabs.others()),
    );
  }

  openSample(sample: SampleFiles): Promise<void> {
    return this.#begin(say`Opening the example`, async (worker) =>
      worker.openSample(sample, this.#editor.settings, await this.#tabs.others()),
    );
  }

  /** Opens a recent edit, unless it is open in another tab. */
  async openRecent(id: string, name: string): Promise<void> {
    if ((await this.#tabs.others()).has(id)) this.#offerToGoOn(id, say`“${name}” is open in another tab.`);
    else await this.#openRecord(id);
  }

  /** The recent edits, the newest first, and which of them are open here or in another tab. */
  async recent(): Promise<{ rows: Row[]; others: ReadonlySet<string>; own: string | undefined }> {
    const [rows, others] = await Promise.all([
      this.#editor.line.ask((worker) => worker.listRecords()),
      this.#tabs.others(),
    ]);
    return { rows, others, own: this.#editor.photo.value && this.#tabs.last };
  }
  rename(id: string, name: string): Promise<void> {
    if (id === this.#tabs.last) this.#name = name;
    return this.#editor.line.ask((worker) => worker.renameRecord(id, name));
  }
  remove(id: string): Promise<void> {
    return this.#editor.line.ask((worker) => worker.deleteRecord(id));
  }

  /** Brings back what this tab had when it was closed; a new tab gets the newest edit, if no other has it. */
  async restore(): Promise<void> {
    const { last } = this.#tabs;
    let open: string | undefined;
    await this.#editor.work(say`Opening what was here`, async () => {
      const { rows, others } = await this.recent().catch((error: Error) => {
        this.unkept.value = error.message;
        this.#editor.complain(error.message);
        return { rows: [], others: new Set() };
      });
      const row = rows.find(({ id }) => id === last) ?? rows[0];
      if (row && !others.has(row.id)) open = row.id;
      else if (row && row.id === last) this.#offerToGoOn(row.id, say`“${row.name}” is open in another tab.`);
    });
    if (open) await this.#openRecord(open);
  }

  #openRecord(id: string): Promise<void> {
    return this.#begin(say`Opening what was here`, (worker) => worker.openRecord(id));
  }

  #offerToGoOn(id: string, text: string): void {
    const goOn = async () => {
      await this.#tabs.takeOver(id);
      await this.#openRecord(id);
    };
    const action = { name: say`Go on here`, run: () => void goOn() };
    this.#editor.notice.value = { text, isProblem: false, action };
  }

  /** Leaves the edit to another tab. */
  async #leave(): Promise<void> {
    const id = this.#tabs.last;
    this.#tabs.lead(undefined);
    if ((await this.#editor.close()) && id)
      this.#offerToGoOn(id, say`“${this.#name}” goes on in another tab.`);
  }

  async #begin(what: string, open: (worker: Remote<PhotoWorker>) => Promise<Opened>): Promise<void> {
    const editor = this.#editor;
    await editor.work(what, async () => {
      const opened = await editor.line.ask(open);
      const { id, name, history, exceptions = [] } = opened;
      if (!history) throw new Error('A record has a history.');
      const before = this.#name;
      const { last } = this.#tabs;
      const wasChanged = editor.photo.value?.history.canUndo === true;
      this.#tabs.lead(id);
      this.#name = name;
      await editor.show(opened, new History(history.start, history.steps, history.position));
      if (exceptions.length > 0) {
        const text = say`A saved result will differ from this file outside the hole, too: ${exceptions.join('; ')}.`;
        editor.notice.value = { text, isProblem: false };
      }
      if (wasChanged && last && last !== id) {
        const back = () => void this.openRecent(last, before);
        const text = say`“${before}” is kept under Recent.`;
        editor.notice.value ??= { text, isProblem: false, action: { name: say`Go back to it`, run: back } };
      }
    });
  }

  #receive(event: KeepingEvent): void {
    const { notice, acts } = this.#editor;
    switch (event.kind) {
      case 'keeping':
        this.isStoring.value = true;
        break;
      case 'kept':
        if (event.problem && event.problem !== this.unkept.value) this.#editor.complain(event.problem);
        this.unkept.value = event.problem;
        if (event.acts === acts.value) this.isStoring.value = false;
        break;
      case 'copied':
        this.#tabs.lead(event.id);
        this.#name = event.name;
        notice.value = {
          text: say`Another tab goes on with this edit or has deleted it. What you do here is kept as “${event.name}”.`,
          isProblem: false,
        };
        break;
      case 'removed':
        // It must be seen, whatever else there is to say.
        notice.value = {
          ...notice.value,
          text: [notice.value?.text, removalText(event)].filter(Boolean).join('\n'),
          isProblem: notice.value?.isProblem ?? false,
        };
    }
  }
}

/** That recent work is full, and what that means. */
function removalText({ names, next }: { names: readonly string[]; next?: string | undefined }): string {
  const quoted = names.map((name) => say`“${name}”`).join(', ');
  return [
    names.length > 0 && say`Recent work was full: ${quoted}, the oldest, was removed.`,
    next && say`The next picture takes the place of “${next}”; save its project to keep it.`,
  ]
    .filter(Boolean)
    .join(' ');
}
