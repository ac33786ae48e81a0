import { TemplateFault } from './fault.ts';
import { jsonPath } from './json-path.ts';
import { jsonOf, textOf, valueOf, type Charge, type Host, type Value } from './values.ts';

export interface InputScope {
  readonly body: string;
  readonly params: {
    readonly path: Readonly<Record<string, string>>;
    readonly querystring: Readonly<Record<string, string>>;
    readonly header: Readonly<Record<string, string>>;
  };
}

/** `$input`. @source API Gateway Developer Guide, "Variables for data transformations for API Gateway", read 2026-11 */
export function inputOf({ body, params }: InputScope): Host {
  let read: { readonly value: unknown } | undefined;
  const at = (expression: string): unknown => {
    read ??= { value: parsed(body) };
    return jsonPath(read.value, expression);
  };
  const find = (name: string): Value => {
    for (const place of [params.path, params.querystring]) if (Object.hasOwn(place, name)) return place[name] ?? '';
    const lower = name.toLowerCase();
    return Object.entries(params.header).find(([each]) => each.toLowerCase() === lower)?.[1] ?? '';
  };
  return {
    host: '$input',
    member: (name) => (name === 'body' ? body : undefined),
    method(name, parameters, charge) {
      switch (name) {
        case 'json':
          return paid(JSON.stringify(at(textOf(parameters[0] ?? '$'))) ?? '', charge);
        case 'path':
          return valueOf(at(textOf(parameters[0] ?? '$')), charge);
        case 'params':
          return parameters.length === 0 ? valueOf(params) : find(textOf(parameters[0]));
        default:
          return undefined;
      }
    },
  };
}

function paid(text: string, charge: Charge): string {
  charge(text.length / 16);
  return text;
}

/** A body that is no JSON is a text; none at all, an empty object. */
function parsed(body: string): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** `$util`. */
export const util: Host = {
  host: '$util',
  method(name, parameters, charge) {
    const text = paid(textOf(parameters[0]), charge);
    switch (name) {
      case 'escapeJavaScript':
        return escaped(text);
      case 'parseJson':
        try {
          return valueOf(JSON.parse(text), charge);
        } catch (error) {
          if (error instanceof TemplateFault) throw error;
          throw new TemplateFault('$util.parseJson was given what is no JSON.');
        }
      case 'toJson':
        return JSON.stringify(jsonOf(parameters[0] ?? null));
      case 'urlEncode':
        return encodeURIComponent(text.toWellFormed())
          .replaceAll('%20', '+')
          .replaceAll(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
      case 'urlDecode':
        try {
          return decodeURIComponent(text.replaceAll('+', ' '));
        } catch {
          throw new TemplateFault('$util.urlDecode was given what is not encoded so.');
        }
      case 'base64Encode':
        return Buffer.from(text).toString('base64');
      case 'base64Decode':
        return Buffer.from(text, 'base64').toString('utf8');
      default:
        return undefined;
    }
  },
};

const named: Readonly<Record<string, string>> = { '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** As Java's libraries escape for JavaScript: also quotes of both kinds, slashes, and all beyond ASCII. */
const escaped = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- they are what is to be escaped
  text.replaceAll(/["'\\/]|[\u0000-\u001f\u007f-\uffff]/g, (sign) =>
    /["'\\/]/.test(sign) ? `\\${sign}` : (named[sign] ?? `\\u${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`),
  );
