import type { ChildProcess } from 'node:child_process';
import type { Endpoint } from 'comlink';

/**
 * The messages between this process and its child or parent, as comlink sends and receives them.
 *
 * tinypool, which runs threads here, could start processes too, but it reports a process that died as a task that failed.
 * The server must tell these apart: it starts a dead process anew, and passes the error of a task on to the user.
 */
export function endpointOf(other: ChildProcess | NodeJS.Process): Endpoint {
  return {
    // When the other has ended nobody waits for the message.
    postMessage: (message) => other.send?.(message, undefined, undefined, () => {}),
    addEventListener: (_type, listener) => {
      other.on('message', (data) => {
        const event = { data } as MessageEvent;
        if (typeof listener === 'function') listener(event);
        else listener.handleEvent(event);
      });
    },
    // What comlink listens to ends with the process.
    removeEventListener: () => {},
  };
}
