/**
 * Machines with a cable from each to each other one, as network namespaces on this one. Processes on them share all else, such
 * as the disk.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** Why this machine can have none; undefined where it can. */
export const whyNoNetwork = (): string | undefined =>
  works(':') ? undefined : 'it needs Linux, the program `ip`, and the right to make network namespaces';

/** Why cables cannot be slow and lose packets here; undefined where they can. */
export const whyNoDelay = (): string | undefined =>
  works('ip netns exec $name tc qdisc add dev lo root netem delay 1ms')
    ? undefined
    : 'the kernel or the program `tc` lacks netem';

export class Network {
  /** Of each machine, IPv4. */
  readonly addresses: readonly string[];
  readonly #name = randomName();

  constructor(count: number) {
    this.addresses = Array.from({ length: count }, (_, i) => `10.99.0.${i + 1}`);
    for (const [i, address] of this.addresses.entries()) {
      run(`ip netns add ${this.#space(i)}`);
      this.#ip(i, 'link set lo up');
      this.#ip(i, `addr add ${address}/32 dev lo`);
    }
    for (const [i, j] of this.#cables()) {
      run(`ip link add to${j} netns ${this.#space(i)} type veth peer name to${i} netns ${this.#space(j)}`);
      this.mend(i, j);
      this.mend(j, i);
    }
  }

  /** What stands before a command that runs on a machine. */
  on(machine: number): string[] {
    return ['ip', 'netns', 'exec', this.#space(machine)];
  }

  cut(from: number, to: number): void {
    this.#ip(from, `link set to${to} down`);
  }

  /** After {@link cut} with the same two. */
  mend(from: number, to: number): void {
    this.#ip(from, `link set to${to} up`);
    this.#ip(from, `route add ${this.addresses[to]} dev to${to} src ${this.addresses[from]}`);
  }

  /** All cables take so much longer, each way, and lose some packets. */
  delay(milliseconds: number, lostPercent: number): void {
    for (const cable of this.#cables())
      for (const [i, j] of [cable, cable.toReversed()])
        run(
          `${this.on(i).join(' ')} tc qdisc add dev to${j} root netem delay ${milliseconds}ms loss ${lostPercent}%`,
        );
  }

  /** Processes that are still on the machines lose the network. */
  remove(): void {
    for (const i of this.addresses.keys()) run(`ip netns del ${this.#space(i)}`);
  }

  #ip(machine: number, what: string): void {
    run(`ip -n ${this.#space(machine)} ${what}`);
  }

  #space(machine: number): string {
    return `${this.#name}-${machine}`;
  }

  #cables(): [number, number][] {
    const machines = [...this.addresses.keys()];
    return machines.flatMap((i) => machines.slice(0, i).map((j): [number, number] => [i, j]));
  }
}

const randomName = () => `workers-${randomUUID().slice(0, 8)}`;

/** Whether this line of a shell does, where there is a namespace `$name`. */
function works(line: string): boolean {
  const trial = `ip netns add $name; trap 'ip netns del $name' EXIT; ${line}`;
  return spawnSync('sh', ['-ec', `name=${randomName()}; ${trial}`], { stdio: 'ignore' }).status === 0;
}

function run(line: string): void {
  const [program, ...args] = line.split(' ');
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
