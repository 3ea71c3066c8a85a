/** What the parts of the view share. */

import type { LiveConnection, ShownPicture } from "../api/live.js";
import type { Autosave } from "../api/autosave.js";
import type { ConnectionState, Look, Model, SavedStyle } from "../api/types.js";
import type { StudioDocument } from "../core/document.js";
import type { Store } from "../core/store.js";
import type { ToolSettings, Viewport } from "../core/types.js";
import type { createToolbox } from "../tools/toolbox.js";
import type { MapImage } from "./map_image.js";
import type { Theme } from "./theme.js";

export interface Underlay {
  /** A PNG, JPEG or WebP file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly name: string;
  readonly image: ImageBitmap;
  readonly opacity: number;
  readonly visible: boolean;
}

export interface StudioState {
  readonly models: readonly Model[];
  readonly model: Model;
  readonly fileName: string;
  readonly tool: string;
  readonly settings: ToolSettings;
  readonly favourites: readonly number[];
  readonly recent: readonly number[];
  /** The class whose pixels stand out. */
  readonly highlighted: number | null;
  /** The class under the pointer. */
  readonly pointed: number | null;
  /** Of the map's canvas, in CSS pixels. */
  readonly viewport: Viewport;
  /** Whether the whole map is to stay in sight when the window changes. */
  readonly isFitted: boolean;
  /** Whether the picture moves with the map. */
  readonly isLinked: boolean;
  readonly compare: "off" | "map" | "kept";
  readonly kept: ImageBitmap | null;
  readonly look: Look;
  readonly isSeedLocked: boolean;
  /** Of the variations. */
  readonly seeds: readonly number[];
  readonly styles: readonly SavedStyle[];
  readonly underlay: Underlay | null;
  readonly connection: ConnectionState;
  readonly frame: ShownPicture | null;
  readonly announcement: string;
  readonly theme: Theme;
  readonly isTrayOpen: boolean;
}

export interface Studio {
  readonly document: StudioDocument;
  readonly store: Store<StudioState>;
  readonly live: LiveConnection;
  readonly toolbox: ReturnType<typeof createToolbox>;
  readonly mapImage: MapImage;
  readonly autosave: Autosave | null;
  /** What each command of the key table does; parts add theirs. */
  readonly commands: Map<string, () => void>;
  /** Shows a picture file of the server; false when a newer one is on the screen. */
  showPicture(serial: number, file: Blob): Promise<boolean>;
  /** The newest picture, or null. */
  currentPicture(): ImageBitmap | null;
  /** Draws the map's canvas anew. */
  redrawStage(): void;
}

declare global {
  interface Window {
    /** For tests and the benchmark; the studio itself does not read it. */
    sinopia?: Pick<Studio, "document" | "store" | "live">;
  }
}
