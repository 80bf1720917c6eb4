// A thread of Node 20 cannot start from TypeScript, even with `--import tsx` inherited: register tsx here first.
import { register } from 'tsx/esm/api';

register();
export const { renderSample } = await import('./render-worker.ts');
