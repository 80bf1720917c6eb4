/** The addresses under which the editor can be opened, as the command prints them. */
import { isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { renderUnicodeCompact } from 'uqr';
import { isLoopback } from '../loopback.ts';

export interface Addresses {
  /** On this machine; undefined where it listens on another of its addresses alone. */
  readonly here: string | undefined;
  /** For other devices, the likeliest first. */
  readonly elsewhere: readonly string[];
}

interface Served {
  /** What the server listens on. */
  readonly host: string;
  readonly port: number;
  /** Other names that it answers to. */
  readonly allowedHosts: readonly string[];
  /** Of this machine, as `os.networkInterfaces` gives them. */
  readonly interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
}

const everyAddress = ['0.0.0.0', '::'];
/** Containers' and virtual machines' networks, which no other device is in. */
const virtual = /^(docker|br-|veth|virbr|vmnet|vboxnet|cni|flannel|podman)/;

export function addressesOf({ host, port, allowedHosts, interfaces }: Served): Addresses {
  const url = (name: string) => `http://${isIPv6(name) ? `[${name}]` : name}:${port}/`;
  if (isLoopback(host)) return { here: url(host), elsewhere: allowedHosts.map(url) };
  if (!everyAddress.includes(host)) return { here: undefined, elsewhere: [host, ...allowedHosts].map(url) };
  const found = Object.entries(interfaces)
    .filter(([name]) => !virtual.test(name))
    .flatMap(([, list = []]) => list)
    // Link-local addresses of IPv6 need the name of an interface, which browsers do not take.
    .filter(
      ({ internal, address, family }) => !internal && (family === 'IPv4' || /^[23f][\da-d]/i.test(address)),
    )
    .filter(({ family }) => family === 'IPv4' || host === '::')
    .sort((a, b) => a.family.localeCompare(b.family))
    .map(({ address }) => address);
  return { here: url('localhost'), elsewhere: [...found, ...allowedHosts].map(url) };
}

/** Lines that tell where the editor is, with a QR code for a tablet's or a phone's camera where there is a terminal. */
export function describeAddresses({ here, elsewhere }: Addresses, isTerminal: boolean): string {
  const [first] = elsewhere;
  const lines = here ? [`The editor is at ${here} (Ctrl-C ends it).`] : [];
  if (first) lines.push(`From other devices: ${elsewhere.join(' or ')}${here ? '' : ' (Ctrl-C ends it)'}`);
  if (first && isTerminal) lines.push(qrCode(first));
  return lines.join('\n');
}

/** White on black whatever the terminal's own colours are. */
function qrCode(url: string): string {
  const rows = renderUnicodeCompact(url, { border: 2 }).split('\n');
  return rows.map((row) => `\x1b[97;40m${row}\x1b[0m`).join('\n');
}
