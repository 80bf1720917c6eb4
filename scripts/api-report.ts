/**
 * `npm run api-report`, after `npm run build`: writes what the package offers to programs into `api/*.api.md`, by Microsoft's
 * API Extractor. A test compares: who changes what others build on changes these files as well, and sees it.
 */
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The package's entries by the names of their reports. */
export const ENTRIES = { index: 'index', infer: 'infer/node', browser: 'infer/browser' } as const;

/**
 * Writes the report of an entry into a folder.
 *
 * @param dist the built package's folder of that name. @returns what API Extractor complains of.
 */
export function writeApiReport(name: keyof typeof ENTRIES, dist: string, folder: string): string[] {
  const none = { logLevel: ExtractorLogLevel.None };
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(root, 'package.json'),
    configObjectFullPath: join(root, 'api-extractor.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(dist, `${ENTRIES[name]}.d.ts`),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'nodenext',
            lib: ['es2023', 'dom'],
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          files: [join(dist, `${ENTRIES[name]}.d.ts`)],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: folder,
        reportTempFolder: folder,
        includeForgottenExports: false,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Warning },
          // There is one public interface, and what it mentions is written out in the pages of `npm run docs`.
          'ae-missing-release-tag': none,
          'ae-forgotten-export': none,
          'ae-undocumented': none,
          'ae-unresolved-link': none,
        },
        tsdocMessageReporting: { default: none },
      },
    },
  });
  const complaints: string[] = [];
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message) {
      const { logLevel } = message;
      if (logLevel === ExtractorLogLevel.Error || logLevel === ExtractorLogLevel.Warning)
        complaints.push(message.formatMessageWithLocation(root));
      message.handled = true;
    },
  });
  return complaints;
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? '')).href) {
  for (const name of Object.keys(ENTRIES) as (keyof typeof ENTRIES)[]) {
    for (const complaint of writeApiReport(name, join(root, 'dist'), join(root, 'api'))) {
      console.error(complaint);
      process.exitCode = 1;
    }
  }
}
