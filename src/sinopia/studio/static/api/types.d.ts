/** What the server says and is told, as JSON. */

import type { Box, Rgb, Size } from "../core/types.js";

/** What style a picture has; null for a model without style. */
export type Look =
  | null
  | { readonly seed: number }
  | { readonly style_code: string; readonly photo_sha256?: string };

export interface SemanticClass {
  readonly id: number;
  readonly name: string;
  readonly color: Rgb;
  readonly is_thing: boolean;
  /** How many pixels training showed; 0: never seen; null: not known. */
  readonly training_pixels: number | null;
}

export interface Vocabulary {
  readonly name: string;
  readonly classes: readonly SemanticClass[];
}

export interface NamedStyle {
  readonly name: string;
  readonly look: { readonly style_code: string };
}

export interface Model {
  readonly name: string;
  readonly summary: string;
  readonly size_hw: readonly [height: number, width: number];
  /** Both sides of a map must be multiples of it. */
  readonly size_multiple: number;
  readonly style_dim: number | null;
  readonly can_read_style: boolean;
  /** Styles that the model brings along. */
  readonly styles: readonly NamedStyle[];
  readonly needs_instances: boolean;
  readonly vocabulary: Vocabulary;
}

export interface Models {
  readonly models: readonly Model[];
  readonly default: string;
}

export interface Example extends Size {
  readonly id: string;
  readonly title: string;
  readonly vocabulary: string;
}

/** A map and its ids, as they travel. */
export interface MapData extends Size {
  readonly ids: Uint8Array;
}

export interface PictureOrder extends MapData {
  readonly model: string;
  readonly look: Look;
}

export interface BoxRecord {
  readonly id: number;
  readonly class_id: number;
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface Project extends Size {
  readonly schema_version: 1;
  readonly model: string;
  readonly vocabulary: { readonly name: string; readonly classes: readonly string[] };
  readonly look: Look;
  readonly boxes: readonly BoxRecord[];
  readonly boxes_visible: boolean;
  readonly underlay: {
    readonly opacity: number;
    readonly visible: boolean;
    readonly file: string | null;
  } | null;
  readonly favourites: readonly number[];
}

export interface ProjectFile {
  readonly project: Project;
  readonly ids: Uint8Array;
  readonly underlay: Uint8Array | null;
}

export interface PictureHeader extends Size {
  readonly type: "picture";
  /** The newest state of ours that the picture shows. */
  readonly serial: number;
  readonly mime: string;
  readonly milliseconds: {
    readonly waited: number;
    readonly painted: number;
    readonly encoded: number;
  };
  readonly device: string;
  readonly precision: string;
}

export type ConnectionState = "connecting" | "live" | "lost";

/** What autosave keeps. */
export interface SavedWork extends ProjectFile {
  readonly savedAt: number;
  readonly fileName: string;
  readonly underlayName: string | null;
}

export interface SavedStyle {
  readonly id: string;
  readonly model: string;
  readonly name: string;
  readonly look: NonNullable<Look>;
  /** A small picture file, or null. */
  readonly thumbnail: Blob | null;
  readonly savedAt: number;
}
