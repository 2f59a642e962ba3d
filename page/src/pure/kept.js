/** What was computed last, as long as what it depends on stays the same. Pure. */

/**
 * @template T
 * @param {(...on: any[]) => T} compute
 * @returns {(...on: any[]) => T} computes again only if one of its arguments is another than the last time
 */
export function kept(compute) {
  /** @type {any[] | undefined} */ let last;
  /** @type {T} */ let value;
  return (...on) => {
    if (!last || on.some((each, index) => each !== last?.[index])) value = compute(...(last = on));
    return value;
  };
}
