import type { Control } from '../core/control.ts';

/** What the page is told when it starts (`editor.json`), by the server or by a static site's file. */
export interface EditorDescription {
  readonly model: {
    /** For people: the run's name and step. */
    readonly name: string;
    readonly method: string;
    /** Side of the network's input, px. */
    readonly resolution: number;
    /** What a user controls beside photo and hole. */
    readonly controls: readonly Control[];
    /** Why it must not be computed by WebGPU, in words, if it must not. */
    readonly webgpuProblem?: string | undefined;
  };
  /** Whether `api/predict`, `api/edges` and `api/samples` answer; a static site has none of them. */
  readonly server: boolean;
  /** How lines are made of a photo. */
  readonly edges: EdgeSettings;
  /** The edge detector of a static site: photo [1, 3, size, size] in [-1, 1] to edges [1, 1, size, size] in [0, 1]. */
  readonly edgeModel?: ModelAddress;
  /** The exported model for inference in the page; a server's is asked for (`api/model`), as it is made then. */
  readonly onnx?: ModelAddress;
  /** Sample faces of a static site; a server's are asked for, as they are made while it runs. */
  readonly samples?: SampleList;
}

export interface EdgeSettings {
  /** Side of the photo that the edge detector sees, px. */
  readonly size: number;
  /** Edge probability above which a pixel can be a line. */
  readonly threshold: number;
  /** Connected lines of fewer pixels are removed. */
  readonly minimumSize: number;
}

/** A model file, relative to the page. */
export interface ModelAddress {
  readonly url: string;
  readonly bytes: number;
}

export interface SampleList {
  readonly samples: readonly Sample[];
  /** False while more are being made. */
  readonly complete: boolean;
  /** Why there are none, in words, where making them failed. */
  readonly problem?: string | undefined;
}

/** A face of the built-in renderer. Paths are relative to the page. */
export interface Sample {
  readonly name: string;
  readonly photo: string;
  readonly edits: readonly ReadyEdit[];
}

/** A drawing that changes a sample: PNGs of its size, hole white on black and lines black on white. */
export interface ReadyEdit {
  readonly name: string;
  readonly hole: string;
  readonly sketch: string;
}
