import { defineCommand } from '../command.ts';
import { text, wholeNumber } from '../flags.ts';
import { terminalReporter } from '../reporter.ts';

export const edit = defineCommand({
  name: 'edit',
  summary: 'Open the editor, a page on this machine',
  flags: {
    checkpoint: text('--checkpoint', 'Run or checkpoint (default: the newest run)'),
    port: { ...wholeNumber('--port', 'Port of the page'), default: '4321' },
    host: text('--host', 'Address to serve on (default: this machine alone)'),
    static: text('--static', 'Write the editor and the model as a static site into a new folder, and end'),
  },
  examples: [
    ['edit -- --checkpoint runs/00001-quickstart', 'Draw, and see what the network makes of it'],
    ['edit -- --checkpoint runs/00001-quickstart --static site', 'A folder that any web server can host'],
  ],
  async run({ checkpoint, port, host, static: folder }) {
    const { editCommand } = await import('../edit.ts');
    await editCommand({
      checkpoint,
      port: Number(port),
      host,
      static: folder,
      reporter: terminalReporter(),
    });
  },
});
