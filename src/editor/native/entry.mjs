// Started by fork(), which does not hand on how the parent reads TypeScript: in a clone register tsx here first.
import { isPackage } from '../../runtime/installation.mjs';

if (!isPackage()) (await import('tsx/esm/api')).register();
const { compute } = await import('./process.ts');
compute();
