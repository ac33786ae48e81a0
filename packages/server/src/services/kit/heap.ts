/** A binary heap: the smallest key first, equal keys in no particular order. */
export class Heap<T> {
  readonly #keys: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#keys.length;
  }
  get firstKey(): number | undefined {
    return this.#keys[0];
  }
  get first(): T | undefined {
    return this.#items[0];
  }

  push(key: number, item: T): void {
    let at = this.#keys.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#keyAt(parent) <= key) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#keys[at] = key;
    this.#items[at] = item;
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const key = this.#keys.pop();
    const item = this.#items.pop();
    const size = this.#keys.length;
    if (key === undefined || size === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#keyAt(child + 1) < this.#keyAt(child)) child += 1;
      if (this.#keyAt(child) >= key) break;
      this.#move(child, at);
      at = child;
    }
    this.#keys[at] = key;
    this.#items[at] = item as T;
    return first;
  }

  #keyAt(index: number): number {
    return this.#keys[index] as number;
  }
  #move(from: number, to: number): void {
    this.#keys[to] = this.#keyAt(from);
    this.#items[to] = this.#items[from] as T;
  }
}
