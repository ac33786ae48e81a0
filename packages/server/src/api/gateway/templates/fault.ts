/** A text that is no template, or one that does what no template may. */
export class TemplateFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateFault';
  }
}
