/** `npm run gallery`: the pictures of the README that show what the model which ships does. */
import { defineCommand, text } from '../../src/cli/command.ts';
import { runProgram } from '../../src/cli/program.ts';
import { terminalReporter } from '../../src/cli/reporter.ts';
import { shipped } from '../../src/runtime/command-line.ts';

const command = defineCommand({
  name: 'gallery',
  summary: 'Make the pictures of the README with the model that ships',
  flags: {
    checkpoint: {
      ...text('--checkpoint', 'Run or checkpoint, or a model of pretrained/ by name'),
      default: 'portraits-128',
    },
    out: { ...text('--out', 'Folder of the pictures'), default: shipped('docs/gallery') },
  },
  async run({ checkpoint, out }) {
    const { makeGallery } = await import('./gallery.ts');
    const reporter = terminalReporter();
    for (const path of await makeGallery({ checkpoint, out, reporter })) reporter.info(path);
  },
});

await runProgram([command]);
