/** One object of state that others can watch. */

/**
 * @template {object} S
 * @typedef {object} Store
 * @property {() => Readonly<S>} get
 * @property {(patch: Partial<S>) => void} set
 * @property {<T>(selector: (state: Readonly<S>) => T, listener: (value: T) => void) => () => void}
 *   subscribe calls the listener when the selected value is another one; returns its own end
 */

/**
 * @template {object} S
 * @param {S} initial
 * @returns {Store<S>}
 */
export function createStore(initial) {
  /** @type {Readonly<S>} */
  let state = { ...initial };
  /** @type {Set<() => void>} */
  const watches = new Set();
  return {
    get: () => state,
    set(patch) {
      state = { ...state, ...patch };
      for (const watch of [...watches]) if (watches.has(watch)) watch();
    },
    subscribe(selector, listener) {
      let last = selector(state);
      const watch = () => {
        const value = selector(state);
        if (Object.is(value, last)) return;
        last = value;
        listener(value);
      };
      watches.add(watch);
      return () => {
        watches.delete(watch);
      };
    },
  };
}
