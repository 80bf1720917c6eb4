// Started by fork(), which does not hand on how the parent reads TypeScript: register tsx here first.
import { register } from 'tsx/esm/api';

register();
const { compute } = await import('./process.ts');
compute();
