import { describe, expect, it } from 'vitest';
import { isOwnHost } from '../../../src/editor/server/security.ts';

describe('the name in a request', () => {
  it.each([
    ['localhost:4321', '127.0.0.1', true],
    ['127.0.0.1:4321', '127.0.0.1', true],
    ['[::1]:4321', '::1', true],
    ['evil.example', '127.0.0.1', false],
    ['127.0.0.1.evil.example', '127.0.0.1', false],
    ['localhost:4321@evil.example', '127.0.0.1', false],
    ['192.168.1.5:4321', '127.0.0.1', false],
    ['192.168.1.5:4321', '0.0.0.0', true],
    ['evil.example', '0.0.0.0', false],
    ['studio.local', 'studio.local', true],
    ['', '127.0.0.1', false],
    ['Studio.local:4321', '0.0.0.0', true],
    ['studio.local.evil.example', '0.0.0.0', false],
  ])('%s on %s', (header, host, own) => {
    expect(isOwnHost(header, host, ['studio.local'])).toBe(own);
  });
});
