/**
 * Renders portraits of people who do not exist: `renderFace(await loadHead(...), seed, size)`. The head is MakeHuman's
 * (CC0), morphed, lit and dressed at random; nothing in a picture is anybody's likeness.
 *
 * How a picture comes about: a seed becomes a person (draw-person), whose head is shaped and posed (shape), dressed
 * (clothing, accessories) and grown over with hair (hair, facial-hair). The rasterizer finds what each sample shows,
 * skin, eyes and cloth colour it under the person's lights (lighting), strands are drawn over it, and the camera
 * averages the samples into pixels. Whole sets of files are made by `renderFaces` (cache).
 */
import { earrings, glassesFrame, necklace, sunglasses } from './accessories.ts';
import { paintBackground } from './background.ts';
import { createView, finish, SAMPLES } from './camera.ts';
import { clothShader, createCollar, createGarment, createHat, type Garment } from './clothing.ts';
import { drawPerson } from './draw-person.ts';
import { eyeShader, mouthShader } from './eyes.ts';
import { beardDensity, growBeard, growBrows, growLashes } from './facial-hair.ts';
import { vertexNormals } from './geometry.ts';
import { growHair } from './hair.ts';
import { STYLES, scalpDensity } from './hair-styles.ts';
import type { HeadModel } from './head.ts';
import { createShadowMap, type ShadowMap } from './lighting.ts';
import { smoothstep } from './noise.ts';
import type { Person } from './person.ts';
import { createVisibility, type Frame, rasterize, type Surface, type Visibility } from './rasterizer.ts';
import { createSkull, headTurn, poseHead, type ShapedHead, shapeHead, TRUNK_SHARE } from './shape.ts';
import { skinColours, skinShader } from './skin.ts';
import { drawStrands, type Strands, scatterRoots, shadeStrands } from './strands.ts';

/** Raised whenever a change alters pictures, so that stored ones are not mixed with new ones. */
export const RENDERER_VERSION = 2;

/**
 * The portrait of a person drawn at random.
 *
 * @param head of `loadHead` (load-head.ts).
 * @param seed equal seeds give equal people, at every size.
 * @param size the picture's side in pixels.
 * @returns sRGB bytes, size x size x 3, aligned as CelebA-HQ: eyes level, a little above the middle.
 */
export function renderFace(head: HeadModel, seed: number | string, size: number): Uint8Array {
  return renderPerson(head, drawPerson(seed), size);
}

/**
 * The picture of a given person: see {@link renderFace}.
 *
 * @param framing whose face the picture is aligned to: for pictures of one person with different looks, which then
 *   differ only where the looks do.
 */
export function renderPerson(head: HeadModel, person: Person, size: number, framing = person): Uint8Array {
  const shaped = shapeHead(head, person.targets);
  const framed = framing === person ? shaped : shapeHead(head, framing.targets);
  const view = createView(framed, framing, size * SAMPLES);
  const scene = buildScene(head, shaped, person);

  const visible = createVisibility(view.size, view.size);
  scene.surfaces.forEach((surface, i) => {
    rasterize(visible, view.project(surface.positions), surface.triangles, i + 1);
  });
  const frame: Frame = {
    size: view.size,
    colour: new Float32Array(view.size * view.size * 3),
    depth: visible.depth,
  };
  paintBackground(person.background, view.size, frame.colour);
  shade(visible, scene.surfaces, frame.colour);
  for (const strands of scene.strands) {
    drawStrands(frame, view, strands, shadeStrands(strands, person.light, scene.shadows));
  }
  return finish(frame.colour, size, person.seed);
}

interface Scene {
  surfaces: Surface[];
  /** In the order in which they are drawn. */
  strands: Strands[];
  shadows: ShadowMap;
}

function buildScene(head: HeadModel, shaped: ShapedHead, person: Person): Scene {
  const { positions, crown } = shaped;
  const { parts } = head;
  const turn = headTurn(person.pose);
  const upright = vertexNormals(positions, parts.body);
  const posed = poseHead(positions, head.positions, person.pose);

  const scalp = scalpDensity(person);
  const skull = createSkull(positions, parts.body, crown);
  const scalpRoots = scatterRoots(
    head,
    positions,
    upright,
    scalp,
    STYLES[person.hair.style].strands,
    person.seed + 1,
  );
  const hair = growHair(person, scalpRoots, skull, crown, turn);
  const beard = growBeard(head, shaped, upright, person, turn);

  const garments: Garment[] = [createGarment(head, positions, upright, person)];
  const collar = createCollar(head, shaped, person);
  if (collar) garments.push(collar);
  const dressed = garments.map((garment) => poseHead(garment.positions, garment.rest, person.pose));

  const hat = person.hat ? createHat(person, person.hat, skull, crown, turn) : [];

  const shadows = createShadowMap(
    person.light.key,
    person.light.hardness,
    [
      { positions: posed, triangles: parts.body },
      ...garments.map((garment, i) => ({ positions: dressed[i], triangles: garment.triangles })),
      ...hat,
    ],
    [hair],
  );
  const colours = skinColours(head, person, hairCover(head, person));
  const normals = vertexNormals(posed, parts.body);
  const mouthNormals = vertexNormals(posed, new Uint32Array([...parts.teeth, ...parts.tongue]));
  const surfaces: Surface[] = [
    {
      positions: posed,
      triangles: parts.body,
      shade: skinShader(head, person, posed, normals, colours, shadows),
    },
    {
      positions: posed,
      triangles: parts.leftEye,
      shade: eyeShader(person, head, 'left', shaped.left, positions),
    },
    {
      positions: posed,
      triangles: parts.rightEye,
      shade: eyeShader(person, head, 'right', shaped.right, positions),
    },
    { positions: posed, triangles: parts.teeth, shade: mouthShader(person, head, 'teeth', mouthNormals) },
    {
      positions: posed,
      triangles: parts.tongue,
      shade: mouthShader(person, head, 'tongue', mouthNormals),
    },
    ...garments.map((garment, i) => ({
      positions: dressed[i],
      triangles: garment.triangles,
      shade: clothShader(
        garment,
        person,
        dressed[i],
        vertexNormals(dressed[i], garment.triangles),
        shadows,
        i === 1,
      ),
    })),
  ];
  surfaces.push(...hat);
  const strands = [growLashes(head, shaped, person, turn), growBrows(head, shaped, upright, person, turn)];
  if (beard) strands.push(beard);
  strands.push(hair);
  const chain = necklace(head, shaped, upright, person, headTurn(person.pose, TRUNK_SHARE));
  const rings = earrings(head, shaped, person, turn);
  if (chain) strands.unshift(chain);
  if (rings) strands.unshift(rings);
  if (person.glasses) {
    strands.push(glassesFrame(head, shaped, person.glasses, turn));
    const lenses = sunglasses(shaped, person.glasses, turn, person.light);
    if (lenses) surfaces.push(lenses);
  }
  return { surfaces, strands, shadows };
}

/** How much of the hair's colour shows on the skin under it. */
function hairCover(head: HeadModel, person: Person): Float32Array {
  const { positions, masks } = head;
  const scalp = scalpDensity(person);
  const beard = beardDensity(person.beard);
  const beardCover = { none: 0, stubble: 0.35, moustache: 0.5, goatee: 0.55, full: 0.6 }[person.beard.kind];
  return Float32Array.from(masks.lips, (lips, v) => {
    const [x, y, z] = [positions[v * 3], positions[v * 3 + 1], positions[v * 3 + 2]];
    const chin = beardCover > 0 ? beard(x, y, z) * beardCover * person.beard.density * (1 - lips) : 0;
    // Only well inside the hairline: the vertices are too far apart to draw its edge.
    const under = smoothstep(0.55, 1, scalp(x, y - 0.05, z)) * (1 - masks.ears[v]);
    return Math.max(0.9 * under, chin);
  });
}

function shade(visible: Visibility, surfaces: readonly Surface[], colour: Float32Array): void {
  const { surface, triangle, first, second } = visible;
  const out = new Float32Array(3);
  for (let o = 0; o < surface.length; o++) {
    if (surface[o] === 0) continue;
    const wa = first[o];
    const wb = second[o];
    surfaces[surface[o] - 1].shade(triangle[o], wa, wb, 1 - wa - wb, out);
    colour[o * 3] = out[0];
    colour[o * 3 + 1] = out[1];
    colour[o * 3 + 2] = out[2];
  }
}
