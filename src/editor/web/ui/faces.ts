/** Frames around the faces of a photo that has several, and the choice of the one that is edited. */
import { facesUnder } from '../../../infer/faces.ts';
import type { Raster } from '../../../infer/raster.ts';
import { holeBounds } from '../../../infer/region.ts';
import type { PhotoFace } from '../../wire.ts';
import type { Drawing } from '../drawing/drawing.ts';
import { faceOf, frameOf } from '../drawing/faces.ts';
import { say } from '../texts/say.ts';
import { closeUp, toStage, viewportOf } from '../view/viewport.ts';
import { div, element, make } from './dom.ts';
import type { Editor } from './editor.ts';
import { beforeNextFrame } from './stage.ts';

interface Frame {
  readonly face: PhotoFace;
  readonly border: HTMLElement;
  readonly tag: HTMLButtonElement;
}

export function connectFaces(editor: Editor): void {
  const place = div('faces');
  const hint = element('faces-hint', HTMLParagraphElement);
  const stageSize = () => ({ width: place.clientWidth, height: place.clientHeight });
  let frames: readonly Frame[] = [];

  const choose = (index: number) => {
    const photo = editor.photo.value;
    if (!photo || editor.busy.value) return;
    editor.camera.value = closeUp(frames[index].face.region, photo.drawing, stageSize());
    if (seen(editor, index).face === index) editor.chooseFace(index);
    else
      editor.notice.value = {
        text: say`The hole is over another face. To go on with this one, use the result as photo and paint a hole here.`,
        isProblem: false,
        ...(editor.results.isCurrent && {
          action: { name: say`Use as photo`, run: () => void editor.useResult() },
        }),
      };
  };

  const build = () => {
    const { faces, region } = editor;
    // Where the network sees something else, none of them is chosen.
    const shown = region.value === 'face' && faces.value && faces.value.length > 1 ? faces.value : [];
    frames = shown.map((face, index) => {
      const tag = make('button', 'chip face-tag', say`Face ${index + 1}`);
      tag.type = 'button';
      tag.addEventListener('click', () => choose(index));
      return { face, border: make('div', 'face-frame'), tag };
    });
    place.replaceChildren(...frames.flatMap(({ border, tag }) => [border, tag]));
    update();
  };

  const update = () => {
    const { face: current, under } = frames.length > 0 ? seen(editor) : { face: undefined, under: [] };
    for (const [index, { border, tag }] of frames.entries()) {
      const isCurrent = index === current;
      border.classList.toggle('current', isCurrent);
      tag.setAttribute('aria-pressed', String(isCurrent));
      tag.title = isCurrent ? say`The network sees this face.` : say`Go to this face and edit it.`;
    }
    hint.hidden = under.length < 2 || current === undefined;
    if (!hint.hidden && current !== undefined)
      hint.textContent = say`The hole is over ${under.length} faces, and the network sees it around face ${current + 1}. One face at a time is filled better.`;
    move();
  };

  const move = () => {
    const drawing = editor.photo.value?.drawing;
    if (!drawing) return;
    const view = viewportOf(editor.camera.value, drawing, stageSize());
    for (const { face, border, tag } of frames) {
      const { left, top, right, bottom } = frameOf(face.landmarks);
      const [from, to] = [toStage(view, { x: left, y: top }), toStage(view, { x: right, y: bottom })];
      Object.assign(border.style, {
        transform: `translate(${from.x}px, ${from.y}px)`,
        width: `${to.x - from.x}px`,
        height: `${to.y - from.y}px`,
      });
      tag.style.transform = `translate(${from.x}px, ${to.y}px)`;
    }
  };

  const updateSoon = beforeNextFrame(update);
  const moveSoon = beforeNextFrame(move);
  editor.faces.watch(build);
  editor.region.watch(build);
  editor.revision.watch(updateSoon);
  editor.camera.watch(moveSoon);
  new ResizeObserver(moveSoon).observe(place);
}

/**
 * The face that the network sees, and those that the hole is over.
 *
 * @param chosen by the user; by default what the history says.
 */
function seen(
  { photo, faces }: Editor,
  chosen = photo.value?.history.face,
): { face: number | undefined; under: readonly number[] } {
  if (!photo.value || !faces.value) return { face: undefined, under: [] };
  const { drawing } = photo.value;
  const { hole, scale } = reducedHole(drawing);
  const regions = faces.value.map(({ region: { x, y, size } }) => ({
    x: x * scale,
    y: y * scale,
    size: size * scale,
  }));
  const under = drawing.hole.isEmpty ? [] : facesUnder(regions, hole);
  return { face: faceOf(regions, hole, holeBounds(hole), chosen), under };
}

/** The hole as few pixels, so that the page need not wait, and how large they are. */
function reducedHole({ hole }: Drawing): { hole: Raster; scale: number } {
  const { levels } = hole;
  return { hole: levels[levels.length - 1] as Raster, scale: 2 ** (1 - levels.length) };
}
