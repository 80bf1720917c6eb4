/** `npm run parity`. */
import { defineCommand, text } from '../../src/cli/command.ts';
import { runProgram } from '../../src/cli/program.ts';

const command = defineCommand({
  name: 'parity',
  summary: 'Check the networks, losses and data code against fixtures of the original',
  flags: {
    fixtures: {
      ...text('--fixtures', 'Folder of fixtures: manifest.json and safetensors files'),
      demandOption: true,
    },
  },
  async run({ fixtures }) {
    process.exitCode = await parity(fixtures);
  },
});

const number = (value: number) => (value === 0 ? '0' : value.toExponential(1));

/**
 * Checks our networks, losses, training steps and data code against fixtures of the original's own code: a line a
 * case with the largest error and its tolerance, then `N passed, N failed`.
 *
 * @returns the exit status.
 */
async function parity(fixtures: string): Promise<number> {
  const { runParity } = await import('./run.ts');
  let passed = 0;
  let failed = 0;
  for await (const { id, worst, failures, error, ...result } of runParity(fixtures)) {
    if (result.passed) passed += 1;
    else failed += 1;
    const detail = worst
      ? `error ${number(worst.maxError)}  tolerance ${number(worst.tolerance.absolute)}` +
        `${worst.tolerance.relative ? ` + ${number(worst.tolerance.relative)}·|x|` : ''}  ${worst.name}`
      : '';
    console.log(`${result.passed ? 'pass' : 'FAIL'}  ${id.padEnd(20)} ${error ?? detail}`);
    for (const check of failures.slice(0, 10))
      console.log(`        ${check.name}: error ${number(check.maxError)}`);
    if (failures.length > 10) console.log(`        and ${failures.length - 10} more`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

await runProgram([command]);
