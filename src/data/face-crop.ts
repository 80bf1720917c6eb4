/** Finds the faces of a photo and frames them as CelebA-HQ does. Detector and landmarks: @vladmandic/face-api. */
import { dirname, join } from 'node:path';
import type * as FaceApi from '@vladmandic/face-api';
// Loaded first, so that face-api finds our engine and no second one.
import { tf } from '../ops/tf.ts';
import { requireFromEngine } from '../runtime/installation.mjs';
import { type CropFinder, type CropSquare, type RgbImage, resizeRgb, UnusableImage } from './decode.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Long side of what the detector sees, px: enough to find every face that is large enough to use. */
const detectorSide = 1024;
const minimumConfidence = 0.5;

/**
 * CelebA-HQ's crop (Karras et al., 2018, appendix C) without its rotation: centred a little below the eyes, as wide as
 * four eye distances or 3.6 times the height from mouth to eyes, whichever is more.
 *
 * @param eyes centres of both eyes. @param mouth both corners of the mouth.
 */
export function celebaHqSquare(eyes: readonly [Point, Point], mouth: readonly [Point, Point]): CropSquare {
  const eyeCentre = middle(...eyes);
  const mouthCentre = middle(...mouth);
  const eyeDistance = Math.hypot(eyes[1].x - eyes[0].x, eyes[1].y - eyes[0].y);
  const toMouth = { x: mouthCentre.x - eyeCentre.x, y: mouthCentre.y - eyeCentre.y };
  const side = Math.round(Math.max(4 * eyeDistance, 3.6 * Math.hypot(toMouth.x, toMouth.y)));
  return {
    left: Math.round(eyeCentre.x + 0.1 * toMouth.x - side / 2),
    top: Math.round(eyeCentre.y + 0.1 * toMouth.y - side / 2),
    side,
  };
}

/** A face of a photo. */
export interface FoundFace {
  /** As CelebA-HQ frames it. */
  readonly square: CropSquare;
  /** 68 points in the order of iBUG 300-W (jaw, brows, nose, eyes, mouth), px of the photo. */
  readonly landmarks: readonly Point[];
  /** Of the box in which the detector saw it, px of the photo it was shown. */
  readonly boxArea: number;
}

/** The faces of a photo, from left to right. */
export type FaceFinder = (photo: RgbImage) => Promise<FoundFace[]>;

/** Loads the detector; it finds the square of the largest face, or throws UnusableImage when there is none. */
export async function loadFaceCrop(): Promise<CropFinder> {
  const find = await loadFaceFinder();
  return async (photo) => {
    const [largest] = (await find(photo)).sort((a, b) => b.boxArea - a.boxArea);
    if (!largest) throw new UnusableImage('no face was found in it');
    return largest.square;
  };
}

/** Loads the detector. */
export async function loadFaceFinder(): Promise<FaceFinder> {
  const build = requireFromEngine.resolve('@vladmandic/face-api/dist/face-api.node-gpu.js');
  const faceApi: typeof FaceApi = requireFromEngine(build);
  const models = join(dirname(build), '../model');
  await faceApi.nets.ssdMobilenetv1.loadFromDisk(models);
  await faceApi.nets.faceLandmark68Net.loadFromDisk(models);
  const options = new faceApi.SsdMobilenetv1Options({ minConfidence: minimumConfidence });

  return async (photo: RgbImage) => {
    const scale = Math.min(1, detectorSide / Math.max(photo.width, photo.height));
    const width = Math.round(photo.width * scale);
    const height = Math.round(photo.height * scale);
    const pixels = await resizeRgb(photo, width, height);
    const image = tf.tensor3d(pixels, [height, width, 3], 'int32');
    // face-api's types are those of its own copy of TensorFlow.js.
    const input = image as unknown as FaceApi.TNetInput;
    const faces = await faceApi.detectAllFaces(input, options).withFaceLandmarks();
    image.dispose();
    const centre = ({ square: { left, side } }: FoundFace) => left + side / 2;
    return faces
      .map(({ landmarks, detection }) => foundFace(landmarks, detection.box.area, scale))
      .sort((a, b) => centre(a) - centre(b));
  };
}

/** @param scale of what the detector saw. */
function foundFace(landmarks: FaceApi.FaceLandmarks68, boxArea: number, scale: number): FoundFace {
  const eyes = [landmarks.getLeftEye(), landmarks.getRightEye()].map((eye) => toPhoto(mean(eye), scale));
  // Points 0 and 6 of the mouth are its corners.
  const mouth = [landmarks.getMouth()[0], landmarks.getMouth()[6]].map((point) => toPhoto(point, scale));
  return {
    square: celebaHqSquare(eyes as [Point, Point], mouth as [Point, Point]),
    landmarks: landmarks.positions.map((point) => toPhoto(point, scale)),
    boxArea,
  };
}

function toPhoto(point: Point, scale: number): Point {
  return { x: point.x / scale, y: point.y / scale };
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function mean(points: readonly Point[]): Point {
  return {
    x: points.reduce((sum, point) => sum + point.x, 0) / points.length,
    y: points.reduce((sum, point) => sum + point.y, 0) / points.length,
  };
}
