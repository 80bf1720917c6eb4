/** How a command becomes one of several workers. */
import {
  type Cluster,
  explainJoining,
  joinCluster,
  publicAddresses,
  readCluster,
  watchPeers,
} from '../runtime/cluster.ts';
import type { Reporter } from '../runtime/progress.ts';

/**
 * The cluster that TF_CONFIG names, if it names one, which this process joins when `load` imports what needs TensorFlow. So
 * nothing may have imported that before.
 *
 * @throws UserError when TF_CONFIG is wrong, or not all workers meet.
 */
export async function joinWorkers<Module>(
  { info, warn }: Pick<Reporter, 'info' | 'warn'>,
  load: () => Promise<Module>,
): Promise<{ cluster: Cluster | undefined; module: Module }> {
  const cluster = readCluster(process.env.TF_CONFIG);
  if (cluster) {
    const { addresses, rank } = cluster;
    info(`Worker ${rank} of ${addresses.length}, at ${addresses[rank]}, waits for the others.`);
    const open = publicAddresses();
    const host = (address: string) => address.slice(0, address.lastIndexOf(':'));
    // Once a machine.
    if (open.length > 0 && addresses.findIndex((one) => host(one) === host(addresses[rank])) === rank)
      warn(
        `This machine has a public address (${open.join(', ')}). TensorFlow's server listens on all addresses and asks ` +
          'nobody who they are: let a firewall close its port to all but the other workers.',
      );
    joinCluster(cluster);
  }
  const module = await load().catch((error) => {
    throw explainJoining(error);
  });
  if (cluster) watchPeers(cluster);
  return { cluster, module };
}
