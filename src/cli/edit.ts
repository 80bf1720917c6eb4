import { UserError } from '../runtime/errors.ts';
import { checkpointFlag, defineCommand, HIGHEST_PORT, text, texts, wholeNumber } from './command.ts';
import { terminalReporter } from './reporter.ts';

export const edit = defineCommand({
  name: 'edit',
  summary: 'Open the editor, a page on this machine',
  flags: {
    checkpoint: {
      ...texts(`${checkpointFlag.checkpoint.describe}; several are compared on one drawing`),
      coerce: (given: readonly string[]) => given.map((one) => checkpointFlag.checkpoint.coerce(one)),
    },
    port: {
      ...wholeNumber('--port', 'Port of the page; 0: any free one', 0, HIGHEST_PORT),
      default: '4321',
    },
    host: text('--host', 'Address to serve on (default: this machine alone)'),
    'allow-host': {
      ...texts(
        'Names of this machine under which the page may be opened, beside its addresses (studio.local)',
      ),
      default: [] as string[],
      defaultDescription: 'none',
    },
    static: text('--static', 'Write the editor and the model as a static site into a new folder, and end'),
  },
  examples: [
    ['edit -- --checkpoint runs/00001-quickstart', 'Draw, and see what the network makes of it'],
    ['edit -- --checkpoint runs/00001-a --checkpoint runs/00002-b', 'Two models side by side on one drawing'],
    ['edit -- --host 0.0.0.0', 'For a tablet in the same network: prints its address, and a QR code of it'],
    ['edit -- --checkpoint runs/00001-quickstart --static site', 'A folder that any web server can host'],
  ],
  async run({ checkpoint: named, port, host = '127.0.0.1', 'allow-host': allowedHosts, static: folder }) {
    const { defaultCheckpoint, resolveCheckpoint } = await import('../core/choose-checkpoint.ts');
    const { canPredict } = await import('../editor/native/engine.ts');
    const { startEditor } = await import('../editor/editor.ts');
    const { describeAddresses } = await import('../editor/server/addresses.ts');
    const reporter = terminalReporter();
    if (folder !== undefined && named && named.length > 1)
      throw new UserError('A static site has one model.', {
        where: '--checkpoint, --static',
        expected: 'one --checkpoint, or no --static',
        got: `${named.length} checkpoints`,
      });
    const checkpoints: string[] = [];
    for (const name of named ?? [await defaultCheckpoint(reporter, canPredict)])
      checkpoints.push(await resolveCheckpoint(name));
    if (folder !== undefined) {
      const [checkpoint] = checkpoints;
      const { writeSite } = await import('../editor/site.ts');
      await writeSite({ checkpoint, out: folder, reporter });
      reporter.info(`The editor of ${checkpoint} is in ${folder}: copy it to any web server.`);
      return;
    }
    reporter.info(`Loading ${checkpoints.join(', ')} ...`);
    const given = process.env.DPS_API_TOKEN;
    const { url, addresses, apiToken } = await startEditor({
      checkpoints,
      host,
      allowedHosts,
      port: Number(port),
      apiToken: given,
      reporter,
    });
    // Its server keeps the process alive.
    reporter.info(describeAddresses(addresses, process.stdout.isTTY));
    reporter.info(`For programs: ${url}api/v1/docs`);
    if (apiToken !== given) reporter.info(`The API’s token, until the editor ends: ${apiToken}`);
  },
});
