/** A binary heap: the smallest key first, equal keys in no particular order. */
export class Heap<T> {
  readonly #items: { readonly key: number; readonly item: T }[] = [];

  get size(): number {
    return this.#items.length;
  }
  get firstKey(): number | undefined {
    return this.#items[0]?.key;
  }

  push(key: number, item: T): void {
    const items = this.#items;
    const entry = { key, item };
    let at = items.length;
    items.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = items[parentAt];
      if (parent === undefined || parent.key <= key) break;
      items[at] = parent;
      at = parentAt;
    }
    items[at] = entry;
  }

  /** In no order. */
  *[Symbol.iterator](): Iterator<T> {
    for (const { item } of this.#items) yield item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined) return undefined;
    if (items.length === 0) return first.item;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = items[childAt];
      if (child === undefined) break;
      const right = items[childAt + 1];
      if (right !== undefined && right.key < child.key) {
        child = right;
        childAt += 1;
      }
      if (child.key >= last.key) break;
      items[at] = child;
      at = childAt;
    }
    items[at] = last;
    return first.item;
  }
}
