/** Executions whose next invocation waits for a place: first come, first served, each once. */
export class Line {
  readonly #waiting = new Set<string>();
  readonly #places: number;
  readonly #run: (id: string) => Promise<void>;
  #taken = 0;
  #closed = false;

  /** @param options.run  never rejects */
  constructor(options: { readonly places: number; readonly run: (id: string) => Promise<void> }) {
    this.#places = options.places;
    this.#run = options.run;
  }

  add(id: string): void {
    this.#waiting.add(id);
    this.#pump();
  }

  /** Nobody is called any more. */
  close(): void {
    this.#closed = true;
  }

  #pump(): void {
    for (const id of this.#waiting) {
      if (this.#closed || this.#taken >= this.#places) return;
      this.#waiting.delete(id);
      this.#taken += 1;
      void this.#run(id).then(() => {
        this.#taken -= 1;
        this.#pump();
      });
    }
  }
}
