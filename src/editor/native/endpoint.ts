import type { ChildProcess } from 'node:child_process';
import type { Endpoint } from 'comlink';

/**
 * The messages between this process and its child or parent, as comlink sends and receives them.
 *
 * tinypool, which runs this program's threads, starts processes too, but does not tell one that died from a task that
 * failed, and the server must: what died is started anew, what failed is told to the user.
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
