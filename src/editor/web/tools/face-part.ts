/** Marks a part of a face of the photo, or erases there. */
import type { Drawing } from '../drawing/drawing.ts';
import { type FacePart, partsOfFaces } from '../drawing/face-parts.ts';
import { isInside, type Point } from '../drawing/geometry.ts';
import { say } from '../texts/say.ts';
import { type AreaTarget, areaTool, fillArea } from './area.ts';
import { done, type Tool, type Workspace } from './tool.ts';

/** Of the photo that parts were looked for in last. Undefined parts are being looked for; none: there are none. */
let found:
  | { readonly drawing: Drawing; parts?: readonly FacePart[]; readonly search: Promise<void> }
  | undefined;

/** The user is told when it fails. */
function lookFor(work: Workspace): Promise<void> {
  const { drawing } = work;
  const search = work.findLandmarks().then((landmarks) => {
    if (found?.drawing === drawing) found.parts = partsOfFaces(landmarks ?? []);
  });
  found = { drawing, search };
  return search;
}

const partAt = (at: Point): FacePart | undefined =>
  found?.parts?.find(({ outline }) => isInside(outline, at));

export const facePart = (target: AreaTarget): Tool => ({
  ...areaTool(target, 'face-part'),
  name: target === 'hole' ? say`Part of the face` : say`Erase a part of the face`,
  label: say`Face`,
  icon: 'facePart',
  help:
    target === 'hole'
      ? say`Press an eye, a brow, nose, mouth, jaw, forehead or hair. Alt takes it away.`
      : say`Press the part of the face where what you drew should go.`,
  isClick: true,
  needsServer: say`the editor’s server finds the face, and this page has none`,
  down(work, at) {
    // Where it failed it is tried again.
    const isKnown = found?.drawing === work.drawing && found.parts?.length !== 0;
    const search = isKnown ? found?.search : lookFor(work);
    void search?.then(() => {
      const part = partAt(at);
      if (part) fillArea(work, target, part.outline, at.erases);
      else if (found?.parts?.length) work.tell(say`There is no part of the face here.`);
    });
    return done;
  },
  hover(work, at) {
    if (found?.drawing === work.drawing) work.outline(partAt(at)?.outline);
    else void lookFor(work);
  },
  finish: (work) => work.outline(undefined),
});
