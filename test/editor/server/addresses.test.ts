import type { NetworkInterfaceInfo } from 'node:os';
import { renderUnicodeCompact } from 'uqr';
import { describe, expect, it } from 'vitest';
import { addressesOf, describeAddresses } from '../../../src/editor/server/addresses.ts';

const at = (address: string, internal = false) =>
  ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo;
const interfaces = {
  lo: [at('127.0.0.1', true), at('::1', true)],
  docker0: [at('172.17.0.1')],
  wlan0: [at('fe80::1'), at('2001:db8::7'), at('192.168.1.5')],
};
const of = (host: string, allowedHosts: string[] = []) =>
  addressesOf({ host, port: 4321, allowedHosts, interfaces });

describe('the addresses of the editor', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:4321/', []],
    ['::1', 'http://[::1]:4321/', []],
    ['0.0.0.0', 'http://localhost:4321/', ['http://192.168.1.5:4321/']],
    ['::', 'http://localhost:4321/', ['http://192.168.1.5:4321/', 'http://[2001:db8::7]:4321/']],
    ['192.168.1.5', undefined, ['http://192.168.1.5:4321/']],
  ])('on %s', (host, here, elsewhere) => {
    expect(of(host)).toEqual({ here, elsewhere });
  });

  it('include names that were allowed', () => {
    expect(of('0.0.0.0', ['studio.local']).elsewhere).toEqual([
      'http://192.168.1.5:4321/',
      'http://studio.local:4321/',
    ]);
  });

  it('are printed, with a QR code for other devices on a terminal', () => {
    const lines = describeAddresses(of('0.0.0.0'), true).split('\n');
    expect(lines.slice(0, 2)).toEqual([
      'The editor is at http://localhost:4321/ (Ctrl-C ends it).',
      'From other devices: http://192.168.1.5:4321/',
    ]);
    const code = lines.slice(2).map((line) => line.slice('\x1b[97;40m'.length, -'\x1b[0m'.length));
    expect(code.join('\n')).toBe(renderUnicodeCompact('http://192.168.1.5:4321/', { border: 2 }));
    expect(describeAddresses(of('0.0.0.0'), false).split('\n')).toHaveLength(2);
    expect(describeAddresses(of('127.0.0.1'), true)).toBe(
      'The editor is at http://127.0.0.1:4321/ (Ctrl-C ends it).',
    );
  });
});
