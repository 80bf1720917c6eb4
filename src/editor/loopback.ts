/** Names of this machine that no other one can reach. */
export const loopbackNames = ['localhost', '127.0.0.1', '::1'];

/** @param host a name or an address; of version 6 without brackets */
export const isLoopback = (host: string): boolean => loopbackNames.includes(host) || host.startsWith('127.');
