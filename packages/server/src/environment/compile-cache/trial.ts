import type { Link } from '../transport/link.ts';

/** How long the code of a version takes to load, as the first process that initialises it says when it is ready. */
export class Trial implements Disposable {
  readonly #end: (loadMs: number | undefined) => void;
  #ended = false;

  /** @param end  is called once; undefined when the process ended before it was ready */
  constructor(end: (loadMs: number | undefined) => void) {
    this.#end = end;
  }

  /** Reads along until `ready` comes. */
  listen(link: Pick<Link, 'onFrame'>): void {
    const pass = link.onFrame;
    link.onFrame = (frame) => {
      if (frame.type === 'R') {
        link.onFrame = pass;
        const { loadMs } = frame.header;
        this.#finish(typeof loadMs === 'number' ? loadMs : 0);
      }
      pass(frame);
    };
  }

  [Symbol.dispose](): void {
    this.#finish(undefined);
  }

  #finish(loadMs: number | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end(loadMs);
  }
}
