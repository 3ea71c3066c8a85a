/** The document's pixels: one class id each. */

/** The id of a pixel without a class. */
export const UNLABELED = 255;

export class LabelMap {
  /**
   * @param {number} width
   * @param {number} height
   * @param {Uint8Array} ids width * height class ids, line after line
   */
  constructor(width, height, ids) {
    if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
      throw new RangeError(`a label map needs whole sides of 1 or more, got ${width}x${height}`);
    }
    if (ids.length !== width * height) {
      throw new RangeError(
        `a ${width}x${height} label map needs ${width * height} ids, got ${ids.length}`,
      );
    }
    this.width = width;
    this.height = height;
    this.ids = ids;
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {number} classId
   */
  static filled(width, height, classId) {
    return new LabelMap(width, height, new Uint8Array(width * height).fill(classId));
  }

  clone() {
    return new LabelMap(this.width, this.height, this.ids.slice());
  }

  /**
   * The id of the pixel that holds the point, or null outside the map.
   *
   * @param {number} x
   * @param {number} y
   */
  get(x, y) {
    if (!(x >= 0 && y >= 0 && x < this.width && y < this.height)) return null;
    return this.ids[Math.floor(y) * this.width + Math.floor(x)];
  }

  /**
   * The map at another size by nearest neighbour: the source pixel under each new pixel's centre.
   *
   * @param {number} width
   * @param {number} height
   */
  resized(width, height) {
    const resized = LabelMap.filled(width, height, 0);
    const columns = nearestIndices(this.width, width);
    const lines = nearestIndices(this.height, height);
    for (let y = 0; y < height; y++) {
      const from = lines[y] * this.width;
      const to = y * width;
      for (let x = 0; x < width; x++) resized.ids[to + x] = this.ids[from + columns[x]];
    }
    return resized;
  }

  /**
   * Every id replaced by the table's entry.
   *
   * @param {Uint8Array} table 256 ids
   */
  remapped(table) {
    return new LabelMap(
      this.width,
      this.height,
      this.ids.map((id) => table[id]),
    );
  }

  /** @param {LabelMap} other */
  equals(other) {
    return (
      this.width === other.width &&
      this.height === other.height &&
      this.ids.every((id, index) => id === other.ids[index])
    );
  }
}

/**
 * @param {number} source
 * @param {number} target
 */
function nearestIndices(source, target) {
  // (2i + 1) * source / (2 target) has one rounding only, so whole results stay whole.
  return Int32Array.from({ length: target }, (_, i) =>
    Math.floor(((2 * i + 1) * source) / (2 * target)),
  );
}
