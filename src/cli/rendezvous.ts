/**
 * Which machines train together, where each has a supervisor of its own (`train --nnodes MIN:MAX`). All of them report to one,
 * the host, over HTTP, once a second, and are told what to do. A round lasts from one start of all workers to the next. Knows
 * nothing of what workers do.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { isIPv6 } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { HEARTBEAT } from '../runtime/cluster.ts';
import { LOST_WORKER, UserError } from '../runtime/errors.ts';

/** As torchrun's flags of these names. */
export interface Nodes {
  readonly min: number;
  readonly max: number;
  /** HOST:PORT, an address of the machine that is the host. */
  readonly endpoint: string;
}

const reportForm = z.object({
  /** The supervisor's own name. */
  node: z.uuid(),
  /** The last round that it took part in; 0 for none. */
  round: z.int().min(0),
  /**
   * What its workers do: none runs; they train; all have come to the training's end; one has ended by what another start
   * would not mend; they were told to end for good.
   */
  state: z.enum(['waits', 'trains', 'done', 'failed', 'left']),
  /** Of its workers in the next round. */
  ports: z.array(z.int().min(1).max(65_535)).min(1),
  /** The run's folder, once it is there. */
  run: z.string().optional(),
  /** Numbers of workers that divide this one can share out every batch. */
  commonBatch: z.int().min(1).optional(),
});
export type Report = z.infer<typeof reportForm>;

/** Who trains. */
export interface Round {
  readonly number: number;
  /** HOST:PORT of every worker, by rank. */
  readonly addresses: readonly string[];
  /** The rank of the first worker of the machine that is answered. */
  readonly first: number;
  readonly machines: number;
  readonly run: string | undefined;
  readonly commonBatch: number | undefined;
}

/** What a supervisor is to do: have its workers train, have none until it is told, or give up. */
export interface Answer {
  readonly round?: Round | undefined;
  /** Without a round: workers that run may end in good order, with a checkpoint, as nobody was lost. */
  readonly orderly?: boolean | undefined;
  /** Why nobody trains any more. */
  readonly over?: string | undefined;
}

interface Member extends Report {
  readonly address: string;
  /** When it reported last, ms. */
  readonly heard: number;
}

/** A supervisor that was silent for so long, ms, is taken for gone, as a worker is. */
const SILENCE = HEARTBEAT;
/** Once there are enough machines, others may still come for so long, ms. */
const LAST_CALL = 5_000;
/** Between two reports, ms. */
const PERIOD = 1_000;
/** How long a supervisor waits for enough others, and at its start for the host, ms: as long as workers wait for each other. */
const FIRST_PATIENCE = 1800_000;
/** How long it waits for a host that does not answer any more, ms. A scheduler may start that one again. */
const PATIENCE = 60_000;

/** The host's decisions. Times are handed in, ms. */
export class Rendezvous {
  readonly #host: string;
  readonly #nodes: Pick<Nodes, 'min' | 'max'>;
  /** In the order in which they came. */
  readonly #members = new Map<string, Member>();
  #round: { readonly number: number; readonly members: readonly Member[] } | undefined;
  #number = 0;
  #run: string | undefined;
  #commonBatch: number | undefined;
  /** Since when enough machines wait. */
  #enough: number | undefined;
  #orderly = false;
  #complete = false;
  #over: string | undefined;

  /** @param host the supervisor at the endpoint. Its first worker leads, so that the run's lock stays on one machine. */
  constructor(host: string, nodes: Pick<Nodes, 'min' | 'max'>) {
    this.#host = host;
    this.#nodes = nodes;
  }

  /** @param address of the machine that reports, as the others reach it. */
  answer(report: Report, address: string, now: number): Answer {
    const { node, state, run, commonBatch } = report;
    this.#run = run ?? this.#run;
    this.#commonBatch = commonBatch ?? this.#commonBatch;
    this.#number = Math.max(this.#number, report.round);
    if (state === 'waits' || state === 'trains') this.#members.set(node, { ...report, address, heard: now });
    else this.#members.delete(node);
    if (state === 'done') this.#complete = true;
    if (state === 'failed') this.#over ??= `what another start would not mend, on ${address}`;
    if (state === 'left' && node === this.#host)
      this.#over ??= 'the machine of the rendezvous was told to end';
    this.#look(now);
    const over = this.#over ?? (this.#complete && state === 'waits' ? 'the training is complete' : undefined);
    if (over !== undefined) {
      this.#members.delete(node);
      return { over };
    }
    const round = this.#roundOf(node);
    return round ? { round } : { orderly: this.#orderly };
  }

  /** Whether supervisors are to be answered still. */
  open(now: number): boolean {
    this.#forget(now);
    return this.#members.size > 0;
  }

  #look(now: number): void {
    this.#forget(now);
    if (this.#over !== undefined || this.#complete) return;
    const members = [...this.#members.values()];
    if (this.#round) {
      const current = this.#round.members.map(({ node }) => this.#members.get(node));
      const { number } = this.#round;
      const isLost = (member: Member | undefined) =>
        !member || (member.state === 'waits' && member.round === number);
      const begun = current.every((member) => member?.state === 'trains' && member.round === number);
      if (current.some(isLost)) this.#endRound(false);
      else if (begun && this.#choose(members).length > current.length) this.#endRound(true);
    }
    // Whoever has workers still has been told to end them.
    if (this.#round || members.some(({ state }) => state === 'trains')) return;
    const chosen = this.#choose(members);
    if (chosen.length < this.#nodes.min) {
      this.#enough = undefined;
      return;
    }
    this.#enough ??= now;
    if (members.length < this.#nodes.max && now - this.#enough < LAST_CALL) return;
    this.#number += 1;
    this.#round = { number: this.#number, members: chosen };
  }

  #endRound(orderly: boolean): void {
    this.#round = undefined;
    this.#enough = undefined;
    this.#orderly = orderly;
  }

  #forget(now: number): void {
    for (const { node, heard } of this.#members.values())
      if (now - heard > SILENCE) this.#members.delete(node);
  }

  /** The most machines, the host first, that can share out every batch; where none can, all: their workers say which batch. */
  #choose(members: readonly Member[]): Member[] {
    const isHost = ({ node }: Member) => node === this.#host;
    if (!members.some(isHost)) return [];
    const all = [...members.filter(isHost), ...members.filter((member) => !isHost(member))];
    const most = all.slice(0, this.#nodes.max);
    for (let count = most.length; count >= this.#nodes.min; count--) {
      const some = most.slice(0, count);
      if ((this.#commonBatch ?? 0) % workersOf(some) === 0) return some;
    }
    return most;
  }

  #roundOf(node: string): Round | undefined {
    const { number, members } = this.#round ?? { number: 0, members: [] };
    const index = members.findIndex((member) => member.node === node);
    if (index < 0) return undefined;
    const addresses = members.flatMap(({ address, ports }) =>
      ports.map((port) => `${isIPv6(address) ? `[${address}]` : address}:${port}`),
    );
    const first = workersOf(members.slice(0, index));
    const [run, commonBatch] = [this.#run, this.#commonBatch];
    return { number, addresses, first, machines: members.length, run, commonBatch };
  }
}

const workersOf = (members: readonly Member[]): number =>
  members.reduce((sum, { ports }) => sum + ports.length, 0);

/** A supervisor's part in a rendezvous, and all of it where it is the host. */
export class Meeting {
  readonly #url: string;
  readonly #endpoint: string;
  readonly #min: number;
  readonly #rendezvous: Rendezvous;
  #server: Server | undefined;
  #report: Report;
  /** When the host answered last. */
  #answered: number | undefined;
  #over: string | undefined;
  #watch: { readonly stop: AbortController; readonly end: Promise<unknown> } | undefined;

  private constructor({ endpoint, min, max }: Nodes) {
    this.#endpoint = endpoint;
    this.#min = min;
    this.#url = `http://${endpoint}/`;
    const node = randomUUID();
    this.#rendezvous = new Rendezvous(node, { min, max });
    this.#report = { node, round: 0, state: 'waits', ports: [1] };
  }

  /** The supervisor on the machine that has the endpoint's address becomes the host; of several on it, the first. */
  static async join(nodes: Nodes): Promise<Meeting> {
    const meeting = new Meeting(nodes);
    const { hostname, port } = new URL(meeting.#url);
    const server = createServer((request, response) => {
      void meeting.#receive(request).then(
        (answer) => response.end(JSON.stringify(answer)),
        () => response.writeHead(400).end(),
      );
    });
    try {
      server.listen(Number(port), hostname.replace(/^\[|\]$/g, ''));
      await once(server, 'listening');
      meeting.#server = server;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      // The address is another machine's, its name is not known yet, or another supervisor on this machine is the host.
      if (!['EADDRNOTAVAIL', 'EADDRINUSE', 'ENOTFOUND', 'EAI_AGAIN'].includes(code)) throw error;
    }
    return meeting;
  }

  get isHost(): boolean {
    return this.#server !== undefined;
  }

  async #receive(request: IncomingMessage): Promise<Answer> {
    let text = '';
    for await (const part of request) {
      text += part;
      if (text.length > 65_536) throw new Error('too long for a report');
    }
    const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    return this.#rendezvous.answer(reportForm.parse(JSON.parse(text)), address, performance.now());
  }

  /**
   * Who trains next, once the host says so; undefined when the signal comes first.
   *
   * @throws UserError when nobody trains any more, or those that are needed do not come.
   */
  async next(
    own: Pick<Report, 'ports' | 'run' | 'commonBatch'>,
    signal: AbortSignal,
  ): Promise<Round | undefined> {
    this.#watch?.stop.abort();
    await this.#watch?.end;
    this.#report = { ...this.#report, ...own, state: 'waits' };
    const begin = performance.now();
    while (!signal.aborted) {
      const answer = this.#over === undefined ? await this.#ask() : { over: this.#over };
      if (answer?.over !== undefined) throw this.#ended('all machines to train until the end', answer.over);
      if (answer?.round) {
        this.#report = { ...this.#report, state: 'trains', round: answer.round.number };
        return answer.round;
      }
      const now = performance.now();
      if (
        !answer &&
        now - (this.#answered ?? begin) > (this.#answered === undefined ? FIRST_PATIENCE : PATIENCE)
      )
        throw this.#ended('the supervisor that is the host', 'no answer');
      if (now - begin > FIRST_PATIENCE)
        throw this.#ended(`at least ${this.#min} machines (--nnodes)`, 'fewer for half an hour');
      await setTimeout(PERIOD, undefined, { signal }).catch(() => {});
    }
    return undefined;
  }

  /** Goes on reporting while workers train. Resolves when they are to end, to whether they may do so in good order. */
  watch(): Promise<boolean> {
    const stop = new AbortController();
    return new Promise((resolve) => {
      this.#watch = { stop, end: this.#reportUntil(stop.signal, resolve) };
    });
  }

  async #reportUntil(signal: AbortSignal, tell: (orderly: boolean) => void): Promise<void> {
    for (;;) {
      await setTimeout(PERIOD, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const answer = await this.#ask();
      this.#over = answer?.over ?? this.#over;
      // Without an answer workers go on; should the host's machine be gone, they notice themselves.
      if (answer && answer.round?.number !== this.#report.round) tell(answer.orderly ?? false);
    }
  }

  /** Says that this machine takes part no more. The host stays until all others know what that means for them. */
  async leave(state: 'done' | 'failed' | 'left'): Promise<void> {
    this.#watch?.stop.abort();
    await this.#watch?.end;
    this.#report = { ...this.#report, state };
    await this.#ask();
    if (!this.#server) return;
    while (this.#rendezvous.open(performance.now())) await setTimeout(100);
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Undefined when there is no answer. */
  async #ask(): Promise<Answer | undefined> {
    let response: Response;
    try {
      response = await fetch(this.#url, {
        method: 'POST',
        body: JSON.stringify(this.#report),
        signal: AbortSignal.timeout(SILENCE),
      });
    } catch {
      return undefined;
    }
    const answer = response.ok ? ((await response.json().catch(() => undefined)) as Answer) : undefined;
    this.#answered = performance.now();
    // All keep it for a host that is started anew.
    if (answer?.round) {
      const { run, commonBatch } = answer.round;
      this.#report = { ...this.#report, run, commonBatch };
    }
    return (
      answer ?? { over: `what answers there is no supervisor of this version (status ${response.status})` }
    );
  }

  #ended(expected: string, got: string): UserError {
    return new UserError('The machines do not train together any more.', {
      where: `--rdzv-endpoint ${this.#endpoint}`,
      expected,
      got,
      fix: 'look at what the machine of that address says, and start all again, with --resume to go on from the last checkpoint',
      exitStatus: LOST_WORKER,
    });
  }
}
