/** A pattern that is none. The message is what EventBridge and SNS say of it, without their introductions. */
export class PatternError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PatternError';
  }
}
