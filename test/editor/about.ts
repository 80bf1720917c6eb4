import type { AboutModel } from '../../src/editor/wire.ts';

/** What a server is told of a model of which nobody asks. */
export const about: AboutModel = {
  title: 'test',
  steps: 1,
  kind: 'trained',
  knowsDrawnPeopleAlone: false,
  failures: [],
};
