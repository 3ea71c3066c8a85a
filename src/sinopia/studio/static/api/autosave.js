/**
 * Work and styles kept in the browser's own database.
 *
 * Every tab keeps its own work. A lock that the browser holds as long as the tab lives tells a work
 * that is open elsewhere from one that a crash or a closed tab left behind.
 */

/** @import { SavedStyle, SavedWork } from "./types.js" */

const DATABASE = "sinopia-studio";
const TAB_KEY = "sinopia-tab";
const DAYS_KEPT = 30;

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("work");
    request.result.createObjectStore("styles", { keyPath: "id" });
  };
  return answer(request);
}

/** @param {string} tab */
const lockName = (tab) => `sinopia-work-${tab}`;

/** @returns {Promise<Set<string>>} */
async function heldLocks() {
  // Without a secure context there are no locks; then a work counts as left behind.
  if (!navigator.locks) return new Set();
  const { held } = await navigator.locks.query();
  return new Set((held ?? []).map(({ name }) => name ?? ""));
}

/** @returns {string} */
function randomName() {
  return crypto.getRandomValues(new Uint32Array(3)).join("-");
}

export class Autosave {
  /** @type {string} */
  #tab;
  /** @type {IDBDatabase} */
  #database;

  /**
   * @param {IDBDatabase} database
   * @param {string} tab
   */
  constructor(database, tab) {
    this.#database = database;
    this.#tab = tab;
  }

  static async open() {
    const database = await openDatabase();
    const held = await heldLocks();
    let tab = sessionStorage.getItem(TAB_KEY);
    // A duplicated tab brings its twin's name along.
    if (tab === null || held.has(lockName(tab))) tab = randomName();
    sessionStorage.setItem(TAB_KEY, tab);
    void navigator.locks?.request(lockName(tab), () => new Promise(() => {}));
    return new Autosave(database, tab);
  }

  /** @param {"work" | "styles"} name @param {IDBTransactionMode} mode */
  #store(name, mode) {
    return this.#database.transaction(name, mode).objectStore(name);
  }

  /** @param {SavedWork} work */
  async saveWork(work) {
    await answer(this.#store("work", "readwrite").put(work, this.#tab));
  }

  async forgetWork() {
    await answer(this.#store("work", "readwrite").delete(this.#tab));
  }

  /**
   * This tab's work, or else the newest that no open tab owns, which then becomes this tab's.
   *
   * @returns {Promise<SavedWork | null>}
   */
  async recoverWork() {
    const own = await answer(this.#store("work", "readonly").get(this.#tab));
    if (own) return own;
    const keys = await answer(this.#store("work", "readonly").getAllKeys());
    const works = await answer(this.#store("work", "readonly").getAll());
    const held = await heldLocks();
    const oldest = Date.now() - DAYS_KEPT * 86_400_000;
    /** @type {SavedWork | null} */
    let newest = null;
    /** @type {IDBValidKey | null} */
    let newestKey = null;
    for (const [index, key] of keys.entries()) {
      if (held.has(lockName(String(key)))) continue;
      const work = works[index];
      if (work.savedAt < oldest) await answer(this.#store("work", "readwrite").delete(key));
      else if (newest === null || work.savedAt > newest.savedAt) [newest, newestKey] = [work, key];
    }
    if (newest === null || newestKey === null) return null;
    await this.saveWork(newest);
    await answer(this.#store("work", "readwrite").delete(newestKey));
    return newest;
  }

  /** @param {SavedStyle} style */
  async saveStyle(style) {
    await answer(this.#store("styles", "readwrite").put(style));
  }

  /** @param {string} id */
  async deleteStyle(id) {
    await answer(this.#store("styles", "readwrite").delete(id));
  }

  /** @returns {Promise<SavedStyle[]>} oldest first */
  async loadStyles() {
    /** @type {SavedStyle[]} */
    const styles = await answer(this.#store("styles", "readonly").getAll());
    return styles.sort((a, b) => a.savedAt - b.savedAt);
  }
}
