/** An image that cannot be taken, in words for its owner. */
export class RefusedImage extends Error {
  /** What of Lambda's answers fits. */
  readonly kind: 'missing' | 'denied' | 'unsupported' | 'invalid' | 'unreachable';

  constructor(kind: RefusedImage['kind'], detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.kind = kind;
  }
}

/** Thrown while a layer is read: the rest of it is not looked at. */
export const hostile = (detail: string): RefusedImage => new RefusedImage('invalid', detail);
