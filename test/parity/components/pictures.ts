/** Hole masks, thinning and HED. */
import { removeSmallComponents, thin } from '../../../src/data/edges.ts';
import { rectangleMask } from '../../../src/data/holes.ts';
import { hedOfImage, loadHed } from '../../../src/nn/hed.ts';
import { type Check, check } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';

export function checkMasks(fixture: FixtureCase): Check[] {
  const size = fixture.options.size as number;
  const { data, shape } = fixture.stored('in/params');
  const masks = Array.from({ length: shape[0] }, (_, index) => {
    const [width, height, x, y, degrees] = [...(data as Int32Array).subarray(index * 5, index * 5 + 5)];
    return [...rectangleMask({ width: width, height: height, x: x, y: y, degrees: degrees }, size)];
  }).flat();
  const coded = masks.map((hole) => 2 * hole - 1);
  // Where the rotated rectangle's value is 0.5 but for rounding, a pixel may fall on either side.
  const strays = { absolute: 0, strays: Math.ceil(masks.length * 1e-4), strayBound: 2 };
  return [check('out/masks', coded, fixture.stored('out/masks').data as Float32Array, strays)];
}

export function checkThinning(fixture: FixtureCase): Check[] {
  const { data, shape } = fixture.stored('in/binary');
  const [height, width] = shape as [number, number];
  const thinned = thin(data as Uint8Array, height, width);
  const clean = removeSmallComponents(thinned, height, width, 5);
  const exact = { absolute: 0 };
  return [
    check('out/thin', thinned, fixture.stored('out/thin').data as Uint8Array, exact),
    check('out/clean', clean, fixture.stored('out/clean').data as Uint8Array, exact),
  ];
}

export async function checkHed(fixture: FixtureCase): Promise<Check[]> {
  const { data, shape } = fixture.stored('in/image');
  const [height, width] = shape as [number, number];
  const hed = await loadHed();
  const { fused, sides } = hedOfImage(hed, data as Uint8Array, height, width);
  const tolerance = { absolute: fixture.options.tolerance_abs as number };
  const maps = { fused, ...Object.fromEntries(sides.map((side, index) => [`side${index + 1}`, side])) };
  return Object.entries(maps).map(([name, map]) =>
    check(`out/${name}`, map, fixture.stored(`out/${name}`).data as Float32Array, tolerance),
  );
}
