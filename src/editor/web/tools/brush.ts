/** Brushes that follow the pointer: of the hole, of lines, of colours, and the eraser. */
import { LazyBrush } from 'lazy-brush';
import { getStroke } from 'perfect-freehand';
import { colourWord, type LayerName } from '../drawing/changes.ts';
import type { Stroke } from '../drawing/drawing.ts';
import { say } from '../texts/say.ts';
import { preferences } from '../ui/preferences.ts';
import { proposeHole } from './proposed-hole.ts';
import type { Contact, Gesture, Tool, ToolOption, Workspace } from './tool.ts';

/** A steady brush hangs on a string of this length, px of the screen. */
const stringLength = 24;
/** The ends of a tapered line are so many times as long as it is wide, but no longer than a third of it. */
const taperLength = 10;

const steady: ToolOption = {
  id: 'steady',
  name: say`Steady: the brush is pulled on a string`,
  label: say`Steady`,
  icon: 'steady',
  key: 'Y',
  value: preferences.steady,
};
const taper: ToolOption = {
  id: 'taper',
  name: say`Taper: lines end thin`,
  label: say`Taper`,
  icon: 'taper',
  key: 'T',
  value: preferences.taper,
};

export const ownHole: ToolOption = {
  id: 'own-hole',
  name: say`Own hole: lines outside the hole make it larger`,
  label: say`Own hole`,
  icon: 'ownHole',
  key: 'A',
  value: preferences.proposesHole,
};

const texts = {
  hole: {
    name: say`Hole brush`,
    label: say`Brush`,
    icon: 'hole',
    help: say`Paint over what should change.`,
    options: [],
  },
  lines: {
    name: say`Line brush`,
    label: say`Brush`,
    icon: 'pencil',
    help: say`Draw inside the hole how it should look.`,
    options: [steady, taper, ownHole],
  },
  colour: {
    name: say`Colour brush`,
    label: say`Brush`,
    icon: 'brush',
    help: say`A stroke or two inside the hole say of which colour it should be.`,
    options: [steady],
  },
} as const;

export const brush = (layer: LayerName): Tool => ({
  id: layer,
  ...texts[layer],
  cursor: 'brush',
  layer,
  down: (work, at) => drag(work, at, layer, { erases: at.erases }),
});

/** What Shift does, for pens and fingers. */
export const straightLine: Tool = {
  id: 'lines-straight',
  name: say`Straight line`,
  label: say`Straight`,
  icon: 'straight',
  help: say`Drag from end to end.`,
  cursor: 'brush',
  layer: 'lines',
  options: [taper, ownHole],
  down: (work, at) => drag(work, at, 'lines', { erases: at.erases, isStraight: true }),
};

/** The eraser of lines is so much wider than their brush: nobody can follow a thin line exactly. */
const widen = (layer: LayerName): number => (layer === 'lines' ? 4 : 1);

export const eraser: Tool = {
  id: 'eraser',
  name: say`Eraser`,
  label: say`Eraser`,
  icon: 'eraser',
  help: say`Rub out what you drew.`,
  cursor: 'brush',
  widen,
  down: (work, at) => drag(work, at, work.layer, { erases: true }),
};

/** The value that a layer's brush leaves. */
const mark = (layer: LayerName): number => (layer === 'colour' ? colourWord(preferences.stroke.value) : 1);

function drag(
  work: Workspace,
  at: Contact,
  layer: LayerName,
  { erases, isStraight = at.shift }: { erases: boolean; isStraight?: boolean },
): Gesture {
  const diameter = work.sizeOf(layer) * (erases ? widen(layer) : 1);
  const stroke = work.drawing.stroke(layer, erases ? 0 : mark(layer));
  const isTapered = layer === 'lines' && !erases && preferences.taper.value;
  const isSteady = layer !== 'hole' && !erases && !isStraight && !at.isExact && preferences.steady.value;
  const string = new LazyBrush({ radius: stringLength / work.scale, enabled: isSteady, initialPoint: at });
  let path: Contact[] = [at];
  const draw = (from: Contact, to: Contact) =>
    stroke.segment(from, to, (diameter / 2) * (isStraight ? at : to).pressure);
  draw(at, at);
  return {
    move(to) {
      const before = path.length;
      for (const pointer of to) {
        string.update(pointer);
        if (string.brushHasMoved()) path.push({ ...pointer, ...string.getBrushCoordinates() });
      }
      if (isSteady) work.outline([string.getBrushCoordinates(), to[to.length - 1]]);
      if (isStraight) path = [at, path[path.length - 1]];
      if (isTapered) {
        stroke.cancel();
        taperedLine(stroke, path, diameter);
      } else if (isStraight) {
        stroke.cancel();
        draw(path[0], path[1]);
      } else for (let k = before; k < path.length; k++) draw(path[k - 1], path[k]);
    },
    up() {
      work.outline(undefined);
      work.drawing.together(() => {
        stroke.end();
        const isAlone = layer === 'lines' && !erases && preferences.proposesHole.value;
        if (isAlone) proposeHole(work.drawing, path, work.sizeOf('hole') / 2);
      });
    },
    cancel() {
      work.outline(undefined);
      stroke.cancel();
    },
  };
}

function taperedLine(stroke: Stroke, path: readonly Contact[], diameter: number): void {
  const length = path.reduce((sum, { x, y }, k) => {
    const from = path[Math.max(0, k - 1)];
    return sum + Math.hypot(x - from.x, y - from.y);
  }, 0);
  const end = { taper: Math.min(taperLength * diameter, length / 3), cap: true };
  const outline = getStroke(
    // Half a pressure, with all of its effect on the width, is the brush's own size.
    path.map(({ x, y, pressure }) => ({ x, y, pressure: pressure / 2 })),
    {
      size: diameter,
      thinning: 1,
      smoothing: 0.5,
      streamline: 0,
      simulatePressure: false,
      start: end,
      end,
      last: true,
    },
  );
  stroke.area(outline.map(([x, y]) => ({ x, y })));
  // An end may be thinner than a pixel, and must not break.
  for (let k = 1; k < path.length; k++) stroke.segment(path[k - 1], path[k], 0);
}
