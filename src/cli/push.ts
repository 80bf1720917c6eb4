import { UserError } from '../runtime/errors.ts';
import { defineCommand, text } from './command.ts';
import { catchInterrupts } from './interrupt.ts';
import { terminalReporter } from './reporter.ts';

export const push = defineCommand({
  name: 'push',
  summary: 'Put an export on the Hugging Face Hub',
  flags: {
    folder: text('--folder', 'Export of --format huggingface'),
    to: text('--to', 'The model on the hub: USER/NAME or ORGANISATION/NAME; it is made where there is none'),
    public: {
      type: 'boolean',
      default: false,
      describe: 'Let everybody see a model that is made; one that exists stays as it is',
    },
  },
  examples: [
    ['push -- --folder exports/faces --to USER/faces', 'Private; HF_TOKEN in the environment has the token'],
  ],
  async run({ folder, to, public: isPublic }) {
    if (folder === undefined || to === undefined)
      throw new UserError('A flag is missing.', {
        expected: folder === undefined ? '--folder EXPORT' : '--to USER/NAME',
      });
    const { pushModel } = await import('../export/push.ts');
    const reporter = terminalReporter();
    const signal = catchInterrupts(reporter.warn, 'the upload');
    const { HF_TOKEN: token, HF_ENDPOINT: hub } = process.env;
    const visibility = isPublic ? 'public' : 'private';
    reporter.info(`Uploading ${folder} to ${to} ...`);
    reporter.info(`Model: ${await pushModel({ folder, to, token, hub, visibility, signal })}`);
  },
});
