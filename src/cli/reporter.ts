/** Progress for people: bars on a terminal, plain lines now and then elsewhere. */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { Reporter, Task } from '../runtime/progress.ts';

/** Seconds between lines of one task where there is no terminal. */
const LINE_SECONDS = 10;

/** A Reporter on standard output; warnings go to standard error. */
export function terminalReporter(): Reporter {
  const canMoveCursor = process.stdout.isTTY && process.env.TERM !== 'dumb';
  return canMoveCursor ? barReporter() : lineReporter();
}

function lineReporter(): Reporter {
  return {
    info: (message) => console.log(message),
    warn: (message) => console.error(`Warning: ${message}`),
    task(label, total, unit) {
      const pace = new Pace();
      let written = performance.now();
      let lastNote = '';
      const line = (done: number) => {
        const share = total > 0 ? ` (${Math.floor((100 * done) / total)} %)` : '';
        const parts = [
          `${done}/${total} ${unit}${share}`,
          ...pace.describe(done, total, lastNote === '' ? unit : undefined),
          lastNote,
        ];
        console.log(`${label}: ${parts.filter((part) => part !== '').join(', ')}`);
        written = performance.now();
      };
      return {
        update(done, note) {
          lastNote = note ?? lastNote;
          pace.update(done);
          if (performance.now() - written >= 1000 * LINE_SECONDS) line(done);
        },
        finish(note) {
          lastNote = note ?? lastNote;
          line(pace.done);
        },
      };
    },
  };
}

function barReporter(): Reporter {
  const bars = new MultiBar({
    format: '{label} [{bar}] {value}/{total} {unit}{pace}{note}',
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    barsize: 16,
    // Nothing of the terminal's own is changed, so however the process ends there is nothing to be put back.
    hideCursor: false,
    // Its listeners would take the default effect of signals away.
    gracefulExit: false,
    clearOnComplete: true,
    linewrap: true,
    emptyOnZero: true,
  });
  let active = 0;
  const print = (message: string, fallback: (message: string) => void) => {
    // While bars are drawn, lines must go above them.
    if (active > 0) bars.log(`${message}\n`);
    else fallback(message);
  };
  return {
    info: (message) => print(message, (text) => console.log(text)),
    warn: (message) => print(`Warning: ${message}`, (text) => console.error(text)),
    task(label, total, unit): Task {
      const bar: SingleBar = bars.create(total, 0, { label, unit, pace: '', note: '' });
      const pace = new Pace();
      active += 1;
      let lastNote = '';
      return {
        update(done, note) {
          lastNote = note ?? lastNote;
          pace.update(done);
          const texts = pace
            .describe(done, total, lastNote === '' ? unit : undefined)
            .map((text) => `, ${text}`);
          bar.update(done, { pace: texts.join(''), note: lastNote && `, ${lastNote}` });
        },
        finish(note) {
          lastNote = note ?? lastNote;
          bar.stop();
          bars.remove(bar);
          active -= 1;
          if (active === 0) bars.stop();
          const parts = [`${label}: ${pace.done}/${total} ${unit} in ${duration(pace.seconds)}`, lastNote];
          print(parts.filter((part) => part !== '').join(', '), (text) => console.log(text));
        },
      };
    },
  };
}

/** How fast a task goes and how long it will take, from what has been done since its first report. */
class Pace {
  done = 0;
  readonly #begin = performance.now();
  #first: { done: number; time: number } | undefined;

  get seconds(): number {
    return (performance.now() - this.#begin) / 1000;
  }

  update(done: number): void {
    this.done = done;
    this.#first ??= { done, time: performance.now() };
  }

  /** `unit` asks for the speed as well as for the time left. */
  describe(done: number, total: number, unit?: string): string[] {
    const seconds = this.#first ? (performance.now() - this.#first.time) / 1000 : 0;
    const progress = done - (this.#first?.done ?? 0);
    if (progress <= 0 || seconds < 0.5) return [];
    const speed = progress / seconds;
    const left = done < total ? [`${duration((total - done) / speed)} left`] : [];
    if (!unit) return left;
    const rate = speed >= 1 ? `${speed.toFixed(1)} ${unit}/s` : `${(1 / speed).toFixed(1)} s each`;
    return [rate, ...left];
  }
}

/** `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}
