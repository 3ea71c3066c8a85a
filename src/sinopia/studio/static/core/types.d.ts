/**
 * The shapes of data that cross module borders. All coordinates are map pixels unless a name says
 * otherwise: pixel (x, y) is the square [x, x+1) x [y, y+1), its centre is (x + 0.5, y + 0.5).
 */

/** Whole numbers, half-open: columns x0..x1-1 and lines y0..y1-1. */
export interface Rect {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Line y, columns x0..x1-1. May lie outside the map: whoever paints it clips it. */
export type Span = readonly [y: number, x0: number, x1: number];

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type BrushShape = "round" | "square";

/** The brush at one moment of a stroke. */
export interface Tip extends Point {
  readonly diameter: number;
}

/** A labelled rectangle that lies over the map; lists of boxes are painted first to last. */
export interface Box extends Rect {
  readonly id: number;
  readonly classId: number;
}

export type Handle = "nw" | "n" | "ne" | "e" | "se" | "s" | "sw" | "w";

export interface BoxHit {
  readonly box: Box;
  /** The edge or corner under the point, or the box as a whole. */
  readonly handle: Handle | "inside";
}

export interface DocumentChange {
  /** The part of the composite that may have changed; null when none did. */
  readonly rect: Rect | null;
  /**
   * "map" and "boxes": pixels or boxes changed; "all": another map, perhaps of another size;
   * "history": only what undo and redo would do.
   */
  readonly kind: "map" | "boxes" | "all" | "history";
}

/** [x, y, width, height], as the live connection sends it. */
export type Tile = [x: number, y: number, width: number, height: number];

export type Rgb = readonly [red: number, green: number, blue: number];

export interface ClassInfo {
  readonly id: number;
  readonly name: string;
}

/** Where the map lies on the screen: screen = map * scale + (x, y). */
export interface Viewport extends Point {
  readonly scale: number;
}

export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  /** As shown: "B", "Mod+Shift+Z" (Mod is Ctrl, or Cmd on a Mac), "?", "ArrowLeft". */
  readonly keys: readonly string[];
}

/** What of a keyboard event counts. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** One moment of a pointer. */
export interface PointerSample extends Point {
  /** 0..1; a mouse reports 0.5 while a button is down. */
  readonly pressure: number;
  readonly pointerType: string;
  readonly shift: boolean;
  readonly alt: boolean;
  readonly ctrl: boolean;
  /** 1 for a click, 2 for the second click of a double click; 0 while hovering. */
  readonly clicks: number;
}

export interface ToolSettings {
  readonly classId: number;
  readonly backgroundClassId: number;
  readonly brushShape: BrushShape;
  readonly brushSize: number;
  readonly usePressure: boolean;
  readonly fillMode: "contiguous" | "global";
}

/** What a tool may reach. */
export interface ToolContext {
  readonly document: import("./document.js").StudioDocument;
  readonly settings: ToolSettings;
  /** Map pixels within which a handle counts as hit; the view keeps it at some screen pixels. */
  readonly tolerance: number;
  set(patch: Partial<ToolSettings>): void;
  /** One short sentence for the status line and screen readers. */
  announce(text: string): void;
}

export type Preview =
  | { readonly kind: "spans"; readonly spans: readonly Span[]; readonly classId: number }
  | {
      readonly kind: "box";
      readonly box: Box;
      readonly handles: readonly (Point & { readonly handle: Handle })[];
    }
  | { readonly kind: "points"; readonly points: readonly Point[]; readonly closed: boolean }
  | {
      readonly kind: "brush";
      readonly x: number;
      readonly y: number;
      readonly diameter: number;
      readonly shape: BrushShape;
    };

export type Cursor = "brush" | "cross" | "pick" | "fill" | "move" | `${Handle}-resize`;

export interface Tool {
  readonly id: string;
  readonly title: string;
  /** The letter that chooses the tool, as in the key table. */
  readonly shortcut: string;
  /** May change with what lies under the pointer. */
  readonly cursor: Cursor;
  down(sample: PointerSample): void;
  /** Also while no button is down: then it only hovers. */
  move(sample: PointerSample): void;
  up(sample: PointerSample): void;
  /** Takes back whatever is under way; the document is then as it was before. */
  cancel(): void;
  /**
   * Enter, Escape, Backspace, Delete, ArrowLeft..., "Shift+ArrowLeft"..., and "Undo", which the
   * view offers to the tool before the document. True when the tool used it.
   */
  key?(name: string): boolean;
  /** A class was chosen in the palette. True when the tool gave it to what is selected. */
  chooseClass?(classId: number): boolean;
  preview(): Preview | null;
}
