/** What `doctor` can tell without any package: the machine and how far the set-up has come. */
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { findCompiler } from './addon.mjs';
import { isSetupError } from './errors.mjs';
import { supportedNodeRange } from './node-version.mjs';
import { pathsIn, ROOT } from './paths.mjs';
import { nvidiaDriver, nvidiaDriverVersion } from './platform.mjs';
import { findPython } from './python.mjs';
import { freeSpaceMb, plan } from './setup.mjs';

const gigabytes = (/** @type {number} */ megabytes) => `${(megabytes / 1000).toFixed(1)} GB`;

/** @param {{python: string} | {compiler: string[]} | {problem: Error}} found */
const tool = (found) =>
  'problem' in found ? 'not found' : 'python' in found ? found.python : found.compiler.join(' ');

/**
 * The first half of `doctor`'s table.
 *
 * @returns {[string, string][]} label and text of each line
 */
export function overview() {
  const { deps } = pathsIn(ROOT);
  const place = existsSync(deps) ? deps : ROOT;
  /** @type {[string, string][]} */
  const rows = [
    ['Node', `${process.version.slice(1)} (supported: ${supportedNodeRange()})`],
    ['Processor', `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores to use`],
    ['Memory', `${gigabytes(freemem() / 1e6)} free of ${gigabytes(totalmem() / 1e6)}`],
    ['Disk', `${gigabytes(freeSpaceMb(place))} free for ${place}`],
    ['NVIDIA driver', nvidiaDriver() ? (nvidiaDriverVersion() ?? `found by ${nvidiaDriver()}`) : 'none'],
  ];
  try {
    const { paths, target, engine, reason, steps } = plan();
    rows.push(['Platform', `${target.name}${target.tested ? '' : ' (untested)'}`]);
    rows.push(['Engine', `${engine}: ${reason}`]);
    if (engine === 'cuda') {
      const cuda = join(paths.home('cuda'), 'nvidia');
      const found = existsSync(cuda)
        ? readdirSync(cuda).filter((name) => existsSync(join(cuda, name, 'lib')))
        : [];
      rows.push(['CUDA packages', found.length ? found.join(', ') : 'none installed']);
    }
    const titles = (/** @type {boolean} */ done) =>
      steps.filter((step) => step.isDone() === done).map((step) => step.title);
    const missing = titles(false);
    rows.push(['Set up', titles(true).join(', ') || 'nothing yet']);
    if (missing.length > 0) rows.push(['Not set up', missing.join(', ')]);
    if (missing.length > 0) {
      rows.push(['Python and pip', tool(findPython())], ['C++ compiler', tool(findCompiler())]);
    }
  } catch (error) {
    if (!isSetupError(error)) throw error;
    rows.push(['Platform', `${process.platform} ${process.arch}: see the message above`]);
  }
  return rows;
}
