import { Connection, post } from './connection.ts';

/** A service's JSON protocol over one kept connection, without an SDK's cost. */
export class Plain implements Disposable {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(port: number): Promise<Plain> {
    return new Plain(await Connection.open(port));
  }

  async call<Answer = unknown>(target: string, input: object, version: '1.0' | '1.1' = '1.0'): Promise<Answer> {
    const headers = { 'Content-Type': `application/x-amz-json-${version}`, 'X-Amz-Target': target };
    const { status, body } = await this.#connection.ask(post('/', JSON.stringify(input), headers));
    if (status !== 200) throw new Error(`${target}: ${status} ${body.toString()}`);
    return JSON.parse(body.length === 0 ? '{}' : body.toString()) as Answer;
  }

  async http(method: string, path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const request = Buffer.from(post(path, body, headers))
      .toString('latin1')
      .replace('POST', method);
    const answer = await this.#connection.ask(Buffer.from(request, 'latin1'));
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString()}`);
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
