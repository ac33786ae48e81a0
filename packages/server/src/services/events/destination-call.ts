import type { EventBridgeOperations } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import type { Refusal } from '../kit/targets.ts';
import type { DestinationHttp } from './http.ts';
import type { Load } from './ingest.ts';
import { parseJsonPath, select } from '../kit/json-path.ts';
import type { Connection, Destination } from './kinds.ts';

export type AuthParameters = NonNullable<EventBridgeOperations['CreateConnection']['input']['AuthParameters']>;
type Parameter = { readonly Key?: string | undefined; readonly Value?: string | undefined };

/** @source EventBridge User Guide, "API destinations": five seconds; which answers are tried again */
const timeoutMs = 5_000;
/** @source EventBridge User Guide, "Quotas": 3000 destinations */
const mostTurns = 3_000;
const again = new Set([401, 407, 409, 429]);

interface Token {
  readonly header: string;
  readonly untilMs: number;
}

/** Calls the endpoint of an API destination with what its connection adds. Tokens are kept until they expire. */
export class DestinationCalls {
  readonly #http: DestinationHttp;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, Token>();
  /** When each destination may be called next, monotonic milliseconds. */
  readonly #turns = new Map<string, number>();

  constructor(http: DestinationHttp, clock: Clock) {
    this.#http = http;
    this.#clock = clock;
  }

  /** @returns why it failed, and how long to wait when the endpoint said so; undefined when it is done */
  async call(
    destination: Destination,
    connection: Connection,
    auth: AuthParameters,
    load: Load,
    payload: string,
    stop: AbortSignal,
  ): Promise<(Refusal & { readonly retryInMs?: number }) | undefined> {
    try {
      await this.#turn(destination, stop);
      using deadline = this.#deadline(stop);
      const own = load.target.HttpParameters ?? {};
      const shared = auth.InvocationHttpParameters ?? {};
      const headers: Record<string, string> = {
        'Content-Type': 'application/json; charset=utf-8',
        'User-Agent': 'Amazon/EventBridge/ApiDestinations',
        Range: 'bytes=0-1048575',
        ...pairs(shared.HeaderParameters),
        ...filled(own.HeaderParameters, load),
        ...(await this.#authorization(connection, auth, deadline.signal)),
      };
      const url = addQuery(fillPath(destination.url, own.PathParameterValues ?? [], load), {
        ...pairs(shared.QueryStringParameters),
        ...filled(own.QueryStringParameters, load),
      });
      const hasBody = !['GET', 'HEAD', 'OPTIONS'].includes(destination.method);
      const body = hasBody ? withMembers(payload, pairs(shared.BodyParameters)) : undefined;
      const answer = await this.#http.send(url, {
        method: destination.method,
        headers,
        signal: deadline.signal,
        ...(body === undefined ? {} : { body }),
      });
      if (answer.status >= 200 && answer.status < 300) return undefined;
      if (answer.status === 401) this.#tokens.delete(connection.arn);
      const seconds = Number(answer.retryAfter);
      return {
        code: 'SDK_CLIENT_ERROR',
        message: `The endpoint answered ${answer.status}.`,
        final: answer.status < 500 && !again.has(answer.status),
        ...(seconds > 0 && seconds <= 86_400 ? { retryInMs: seconds * 1000 } : {}),
      };
    } catch (error) {
      return {
        code: 'SDK_CLIENT_ERROR',
        message: `The endpoint could not be reached: ${String((error as Error).message)}`,
        final: false,
      };
    }
  }

  /** Whether the authorization server gives a token. It is kept for the calls to come. */
  async authorize(connection: Connection, auth: AuthParameters, stop: AbortSignal): Promise<boolean> {
    using deadline = this.#deadline(stop);
    this.#tokens.delete(connection.arn);
    return this.#authorization(connection, auth, deadline.signal).then(
      () => true,
      () => false,
    );
  }

  /** Waits until the destination's rate allows another call. */
  async #turn({ arn, ratePerSecond }: Destination, stop: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonic();
    const turnMs = Math.max(nowMs, this.#turns.get(arn) ?? 0);
    if (this.#turns.size > mostTurns) this.#turns.clear();
    this.#turns.set(arn, turnMs + 1000 / ratePerSecond);
    if (turnMs > nowMs) await this.#clock.sleep(turnMs - nowMs, { signal: stop });
  }

  async #authorization(connection: Connection, auth: AuthParameters, signal: AbortSignal): Promise<Record<string, string>> {
    if (connection.type === 'BASIC') {
      const { Username: user = '', Password: password = '' } = auth.BasicAuthParameters ?? {};
      return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
    }
    if (connection.type === 'API_KEY') {
      const { ApiKeyName: name = '', ApiKeyValue: value = '' } = auth.ApiKeyAuthParameters ?? {};
      return { [name]: value };
    }
    const known = this.#tokens.get(connection.arn);
    if (known !== undefined && known.untilMs > this.#clock.monotonic()) return { Authorization: known.header };
    const token = await this.#token(auth, signal);
    this.#tokens.set(connection.arn, token);
    return { Authorization: token.header };
  }

  /** @throws Error when the authorization server gives none */
  async #token({ OAuthParameters: oauth }: AuthParameters, signal: AbortSignal): Promise<Token> {
    const extra = oauth?.OAuthHttpParameters ?? {};
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: oauth?.ClientParameters?.ClientID ?? '',
      client_secret: oauth?.ClientParameters?.ClientSecret ?? '',
      ...pairs(extra.BodyParameters),
    });
    const method = oauth?.HttpMethod ?? 'POST';
    const query = { ...pairs(extra.QueryStringParameters), ...(method === 'GET' ? Object.fromEntries(form) : {}) };
    const answer = await this.#http.send(addQuery(oauth?.AuthorizationEndpoint ?? '', query), {
      method,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...pairs(extra.HeaderParameters) },
      signal,
      ...(method === 'GET' ? {} : { body: form.toString() }),
    });
    const { access_token: token, token_type: type, expires_in: seconds } = JSON.parse(answer.body) as Record<string, unknown>;
    if (answer.status >= 300 || typeof token !== 'string') throw new Error(`the authorization server answered ${answer.status}`);
    const lifeMs = typeof seconds === 'number' && seconds > 60 ? (seconds - 60) * 1000 : 60_000;
    return {
      header: `${typeof type === 'string' && type.toLowerCase() !== 'bearer' ? type : 'Bearer'} ${token}`,
      untilMs: this.#clock.monotonic() + lifeMs,
    };
  }

  #deadline(stop: AbortSignal): Disposable & { readonly signal: AbortSignal } {
    const controller = new AbortController();
    const timer = this.#clock.after(timeoutMs, () => controller.abort(new Error('no answer within five seconds')));
    return { signal: AbortSignal.any([stop, controller.signal]), [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }
}

const pairs = (parameters: readonly Parameter[] | undefined): Record<string, string> =>
  Object.fromEntries((parameters ?? []).map(({ Key: key = '', Value: value = '' }) => [key, value]));

/** A value of the form `$.detail.id` is taken from the event. */
function fill(value: string, load: Load): string {
  const path = value.startsWith('$.') ? parseJsonPath(value) : undefined;
  if (path === undefined) return value;
  const part = select(load.event, path);
  return typeof part === 'string' ? part : part === undefined ? '' : JSON.stringify(part);
}

const filled = (values: Readonly<Record<string, string>> | undefined, load: Load): Record<string, string> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, fill(value, load).replaceAll(/[\r\n]/g, ' ')]));

/** Each `*` of the endpoint's path takes the next value. */
function fillPath(url: string, values: readonly string[], load: Load): string {
  let next = 0;
  return url.replaceAll('*', () => encodeURIComponent(fill(values[next++] ?? '', load)));
}

function addQuery(url: string, query: Readonly<Record<string, string>>): string {
  const full = new URL(url);
  for (const [name, value] of Object.entries(query)) full.searchParams.append(name, value);
  return full.toString();
}

function withMembers(payload: string, members: Readonly<Record<string, string>>): string {
  if (Object.keys(members).length === 0) return payload;
  const body: unknown = JSON.parse(payload);
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? JSON.stringify({ ...body, ...members }) : payload;
}
