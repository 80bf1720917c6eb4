/** Takes the colour of strokes from the photo. */
import { say } from '../texts/say.ts';
import { preferences } from '../ui/preferences.ts';
import { done, type Tool } from './tool.ts';

export const pipette: Tool = {
  id: 'pipette',
  name: say`Pick a colour from the photo`,
  label: say`Pick`,
  icon: 'pipette',
  help: say`Press where the photo has the colour.`,
  cursor: 'cross',
  layer: 'colour',
  key: 'I',
  isClick: true,
  down({ picture, use }, { x, y }) {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    if (left < 0 || top < 0 || left >= picture.width || top >= picture.height) return done;
    const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('The browser cannot draw on a canvas.');
    context.drawImage(picture, left, top, 1, 1, 0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    preferences.stroke.value = [r, g, b];
    use('colour');
    return done;
  },
};
