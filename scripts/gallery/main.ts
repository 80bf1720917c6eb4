/** `npm run gallery`: the pictures of the README that show what the model which ships does; with `--samples` those of the editor's examples. */
import { defineCommand, text } from '../../src/cli/command.ts';
import { runProgram } from '../../src/cli/program.ts';
import { terminalReporter } from '../../src/cli/reporter.ts';
import { shipped } from '../../src/runtime/command-line.ts';

const command = defineCommand({
  name: 'gallery',
  summary: 'Make the pictures of the README with the model that ships, or those of the editor’s examples',
  flags: {
    checkpoint: {
      ...text('--checkpoint', 'Run or checkpoint, or a model of pretrained/ by name'),
      default: 'portraits-128',
    },
    out: text('--out', 'Folder of the pictures (default: docs/gallery, or the examples’ own)'),
    samples: { type: 'boolean', default: false, describe: 'Those of the editor’s examples' },
  },
  async run({ checkpoint, out, samples }) {
    const { makeGallery, openEdgeFinder } = await import('./gallery.ts');
    const reporter = terminalReporter();
    if (samples) {
      const { makeSamples } = await import('./samples.ts');
      const { findEdges, dispose } = await openEdgeFinder();
      const folder = out ?? shipped('src/editor/samples/pictures');
      for (const path of await makeSamples(folder, findEdges, reporter)) reporter.info(path);
      dispose();
      return;
    }
    for (const path of await makeGallery({ checkpoint, out: out ?? shipped('docs/gallery'), reporter }))
      reporter.info(path);
  },
});

await runProgram([command]);
