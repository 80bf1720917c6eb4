/**
 * The table of speeds: what takes how long and how much memory, ours beside the original and beside other programs that
 * run what we export. A row is one measurement: all its contestants are warm processes, of which one works at a time.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { graphOf, pipeline } from '../src/core/computation.ts';
import { toModel } from '../src/graph/onnx/session.ts';
import { writeOnnx } from '../src/graph/onnx/write.ts';
import { createMethod } from '../src/models/registry.ts';
import { shipped } from '../src/runtime/command-line.ts';
import type { Reporter } from '../src/runtime/progress.ts';
import { Contestant, type FileAssignment, type OriginalAssignment } from './contestant.ts';
import { digits, type Finding, findingRow, markdownTable } from './report.ts';
import { FirstStep } from './startup.ts';
import { type Interval, medianAndQuartiles, medianRatio } from './statistics.ts';
import { benchConfig } from './works.ts';

/** What a row is compared with, and by how much it is to win. */
interface Target {
  /** `fastest original` is whichever of its forms is. */
  readonly than?: 'original' | 'fastest original' | 'ours, call by call';
  /** Times as fast. */
  readonly atLeast?: number;
  /** Seconds. */
  readonly atMost?: number;
  /** Its share of the memory of what it is compared with. */
  readonly memory?: number;
}

export interface Row {
  readonly name: string;
  readonly what: 'train' | 'infer' | 'start';
  readonly config: string;
  /** 0 is F, 1 the lowest. */
  readonly level: number;
  readonly batch: number;
  /** How often each contestant does it. */
  readonly rounds: number;
  /** Whether the original does the same work: the paper's networks. */
  readonly againstOriginal?: boolean;
  readonly targets: readonly Target[];
}

/** Our two forms: what is set for each. */
export const OURS = {
  'ours, call by call': ['runtime.compile=false'],
  'ours, compiled': ['runtime.compile=true'],
} as const satisfies Record<string, readonly string[]>;
/** The form that targets are for. */
const BEST: keyof typeof OURS = 'ours, compiled';

/** The original's three forms; see python/original.py. */
const ORIGINALS = {
  original: 'plain',
  'original, channels_last': 'channels_last',
  'original, channels_last and torch.compile': 'compiled',
} as const satisfies Record<string, OriginalAssignment['form']>;

const RUNTIMES = ['onnxruntime', 'OpenVINO'] as const;
const CONTESTANTS: readonly string[] = [...Object.keys(ORIGINALS), ...Object.keys(OURS), ...RUNTIMES];

const PAPER = shipped('configs/dps.yaml');
const QUICKSTART = shipped('configs/quickstart.yaml');

const paperStep = (side: number, level: number, batch: number, rounds: number): Row => ({
  name: `training step, ${side} px`,
  what: 'train',
  config: PAPER,
  level,
  batch,
  rounds,
  againstOriginal: true,
  targets: [
    { than: 'original', atLeast: 2 },
    { than: 'fastest original', atLeast: 1.8 },
    { than: 'original', memory: 1 },
  ],
});

const quickstartStep = (network: string, level: number, batch: number): Row => ({
  name: `quickstart’s step of ${network}`,
  what: 'train',
  config: QUICKSTART,
  level,
  batch,
  rounds: 20,
  targets: [{ than: 'ours, call by call', atLeast: 2.2 }],
});

const start = (side: number, level: number, batch: number): Row => ({
  name: `start to first step, ${side} px`,
  what: 'start',
  config: PAPER,
  level,
  batch,
  rounds: 3,
  targets: [{ atMost: 15 }],
});

/** Large steps take many seconds, and so do those that warm up: hence smaller batches and few rounds. */
export const ROWS: readonly Row[] = [
  paperStep(64, 1, 8, 6),
  paperStep(128, 2, 4, 4),
  paperStep(256, 3, 2, 3),
  quickstartStep('F', 0, 8),
  quickstartStep('G64', 1, 4),
  {
    name: 'prediction, 256 px',
    what: 'infer',
    config: PAPER,
    level: 3,
    batch: 1,
    rounds: 12,
    againstOriginal: true,
    targets: [{ than: 'original', atLeast: 1.8 }],
  },
  {
    name: 'quickstart’s prediction',
    what: 'infer',
    config: QUICKSTART,
    level: 1,
    batch: 1,
    rounds: 40,
    targets: [{ than: 'ours, call by call', atLeast: 4 }],
  },
  start(64, 1, 8),
  start(128, 2, 4),
  start(256, 3, 1),
];

/** What a contestant took in every round, or why it did not take part. */
type Outcome =
  | {
      readonly software: string;
      readonly seconds: readonly number[];
      readonly peakBytes?: number | undefined;
    }
  | { readonly missing: string };

export interface MeasuredRow extends Pick<Row, 'name' | 'batch' | 'rounds'> {
  /** When it began, in ISO 8601. */
  readonly begun: string;
  /** Processor cores that other programs kept busy just before, and the load average of the last minute. */
  readonly busyCores: number;
  readonly loadAverage: number;
  /** By contestant. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
  readonly findings: readonly Finding[];
}

interface SpeedOptions {
  /** A clone of the original's code; without one only what else there is takes part. */
  readonly deepps?: string | undefined;
  readonly reporter: Reporter;
}

/** Cores that other programs may keep busy before timings are in doubt. */
const QUIET_CORES = 0.5;
const LISTEN_MS = 2000;

/** @throws UserError when a contestant that is there cannot be run. */
export async function measureRow(row: Row, options: SpeedOptions): Promise<MeasuredRow> {
  const { reporter } = options;
  const { name, batch, rounds } = row;
  const begun = new Date().toISOString();
  const [loadAverage] = loadavg();
  const busyCores = await listen();
  reporter.info(
    `${name}: load average ${loadAverage.toFixed(2)}, ${busyCores.toFixed(1)} cores busy with other things`,
  );
  if (busyCores > QUIET_CORES)
    reporter.warn(`${name} is timed on a machine that is busy with other things; its numbers say little.`);
  const folder = await mkdtemp(join(tmpdir(), 'bench-speed-'));
  const running = new Map<string, Racer>();
  const outcomes: Record<string, Outcome> = {};
  try {
    for (const [contestant, start] of Object.entries(await entrants(row, options, folder))) {
      const racer = await start();
      running.set(contestant, racer);
      if (racer.missing !== undefined) {
        await racer.kill();
        running.delete(contestant);
        outcomes[contestant] = { missing: racer.missing };
      }
    }
    const seconds = new Map([...running.keys()].map((contestant) => [contestant, [] as number[]]));
    const task = reporter.task(name, rounds, 'rounds');
    for (let i = 0; i < rounds; i++) {
      // Either end first, so that whatever else the machine does falls on all alike.
      const order = i % 2 === 0 ? [...running] : [...running].reverse();
      for (const [contestant, racer] of order) seconds.get(contestant)!.push(await racer.iterate());
      task.update(i + 1);
    }
    task.finish();
    for (const [contestant, racer] of running) {
      const { software } = racer.ready;
      outcomes[contestant] = { software, seconds: seconds.get(contestant)!, peakBytes: await racer.end() };
    }
  } finally {
    await Promise.all([...running.values()].map((racer) => racer.kill()));
    await rm(folder, { recursive: true, force: true });
  }
  const findings = row.targets
    .map((target) => judge(target, outcomes))
    .filter((finding) => finding !== undefined);
  return { name, batch, rounds, begun, busyCores, loadAverage, outcomes, findings };
}

/** A process that iterates, or the starts of one. */
type Racer = Pick<Contestant, 'iterate' | 'kill' | 'missing'> & {
  readonly ready: { readonly software: string };
  end(): Promise<number | undefined>;
};

async function entrants(
  { what, config, level, batch, againstOriginal }: Row,
  { deepps, reporter }: SpeedOptions,
  folder: string,
): Promise<Record<string, () => Promise<Racer>>> {
  const all: Record<string, () => Promise<Racer>> = {};
  if (againstOriginal && deepps !== undefined && what !== 'start') {
    const { imageGenerator, levels } = benchConfig(config, [], level).model;
    const judged = imageGenerator.inLoop && (imageGenerator.level ?? levels) === level;
    for (const [name, form] of Object.entries(ORIGINALS))
      all[name] = () => Contestant.original({ what, level, batch, deepps, form, imageGenerator: judged });
  }
  for (const [name, set] of Object.entries(OURS)) {
    all[name] =
      what === 'start'
        ? () =>
            FirstStep.prepare({
              config: benchConfig(config, set, level),
              level,
              batch,
              reporter,
              folder: join(folder, name),
            })
        : () => Contestant.ours({ what, config, set, level, batch });
  }
  if (what === 'infer') {
    const file = await exportPrediction(config, level, batch, folder);
    all.onnxruntime = () => Contestant.onnxruntime(file);
    all.OpenVINO = () => Contestant.openvino(file);
  }
  return all;
}

/** The prediction as an ONNX file. */
async function exportPrediction(
  configFile: string,
  level: number,
  batch: number,
  folder: string,
): Promise<Omit<FileAssignment, 'warmUp'>> {
  const config = benchConfig(configFile, [], level);
  const method = createMethod(config);
  const computation = pipeline(method, config);
  const producer = { name: 'bench', version: '1' };
  const file = join(folder, 'prediction.onnx');
  await writeFile(
    file,
    writeOnnx(graphOf(computation), { name: 'prediction', producer, description: '', precision: 'fp32' }),
  );
  method.dispose();
  const inputs = Object.entries(computation.inputs).map(([name, port]) => {
    const shape = [batch, ...port.shape];
    const size = shape.reduce((product, side) => product * side, 1);
    return [name, toModel({ shape, data: new Float32Array(size) }).dims];
  });
  return { file, inputs: Object.fromEntries(inputs) };
}

/** What became of a target; undefined where a contestant for it did not take part. */
function judge(
  { than, atLeast, atMost, memory }: Target,
  outcomes: MeasuredRow['outcomes'],
): Finding | undefined {
  const took = (name: string) => {
    const outcome = outcomes[name];
    return outcome && 'seconds' in outcome ? outcome : undefined;
  };
  const ours = took(BEST);
  if (!ours) return undefined;
  if (than === undefined) return { label: BEST, ...medianAndQuartiles(ours.seconds), unit: 's', atMost };
  const forms = than === 'fastest original' ? Object.keys(ORIGINALS) : [than];
  const others = forms.filter(took);
  if (others.length === 0) return undefined;
  if (memory !== undefined)
    return {
      label: `share of the memory of: ${than}`,
      value: ours.peakBytes! / took(than)!.peakBytes!,
      unit: '',
      atMost: memory,
    };
  const ratios = others.map((name) => ({ name, ...medianRatio(took(name)!.seconds, ours.seconds) }));
  const { name, ...closest } = ratios.reduce((best, ratio) => (ratio.value < best.value ? ratio : best));
  return {
    label: `times as fast as ${than}${name === than ? '' : ` (${name})`}`,
    ...closest,
    unit: '',
    atLeast,
  };
}

/** Cores that are busy now. */
async function listen(): Promise<number> {
  const read = () => {
    const times = cpus().map((cpu) => cpu.times);
    const idle = times.reduce((sum, time) => sum + time.idle, 0);
    const all = times.reduce(
      (sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq,
      0,
    );
    return { idle, all };
  };
  const before = read();
  await pause(LISTEN_MS);
  const after = read();
  return cpus().length * (1 - (after.idle - before.idle) / (after.all - before.all));
}

/** The table, and what became of the targets, in Markdown. */
export function speedTable(rows: readonly MeasuredRow[]): string[] {
  const taking = CONTESTANTS.filter((name) => rows.some(({ outcomes }) => outcomes[name] !== undefined));
  const head = ['', ...taking, 'rounds', 'cores busy before'];
  const cells = rows.map(({ name, batch, rounds, busyCores, outcomes }) => [
    `${name}, batch ${batch}`,
    ...taking.map((contestant) => cell(outcomes[contestant])),
    String(rounds),
    busyCores.toFixed(1),
  ]);
  const lines = markdownTable(head, cells);
  const software = rows
    .flatMap(({ outcomes }) => Object.values(outcomes))
    .flatMap((it) => ('software' in it ? [it.software] : []));
  lines.push(
    '',
    `Medians with quartiles, and the most memory resident. ${[...new Set(software)].join(', ')}.`,
  );
  const targets = rows.flatMap(({ name, findings }) =>
    findings.map((finding) => [name, ...findingRow(finding)]),
  );
  if (targets.length > 0)
    lines.push('', ...markdownTable(['', BEST, 'measured', '95 % interval', 'target', 'reached'], targets));
  return lines;
}

function cell(outcome: Outcome | undefined): string {
  if (!outcome) return '';
  if ('missing' in outcome) return outcome.missing;
  const time = duration(medianAndQuartiles(outcome.seconds));
  return outcome.peakBytes === undefined ? time : `${time}, ${digits(outcome.peakBytes / 2 ** 20)} MB`;
}

const duration = ({ value, low, high }: Interval): string =>
  value < 1
    ? `${digits(1000 * value)} ms (${digits(1000 * low)} to ${digits(1000 * high)})`
    : `${digits(value)} s (${digits(low)} to ${digits(high)})`;
