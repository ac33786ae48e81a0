import { STATUS_CODES } from 'node:http';
import type { ServiceFault, WireResponse } from '@mayfly/wire';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const list = (entries: readonly (readonly [string, unknown])[]): string =>
  `<ul>\n${entries.map(([name, value]) => `<li>${name}: ${escaped(String(value))}</li>\n`).join('')}</ul>\n`;

export interface Trouble {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly members: Readonly<Record<string, unknown>>;
}

export const troubleOf = ({ status = 400, code, message, members }: ServiceFault): Trouble => ({
  status,
  code,
  message,
  members,
});

const details = ({ code, message, members }: Trouble): (readonly [string, unknown])[] => [
  ['Code', code],
  ['Message', message],
  ...Object.entries(members),
];

/** What people see instead of what they asked for. @param second  what went wrong with the site's own page for it */
export function pageOf(trouble: Trouble, requestId: string, second?: Trouble): WireResponse {
  const title = `${trouble.status} ${STATUS_CODES[trouble.status] ?? ''}`;
  const hostId = Buffer.from(requestId).toString('base64');
  const ids = [
    ['RequestId', requestId],
    ['HostId', hostId],
  ] as const;
  const failed =
    second === undefined
      ? ''
      : `<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n${list(details(second))}`;
  return {
    status: trouble.status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'x-amz-request-id': requestId,
      'x-amz-id-2': hostId,
      'x-amz-error-code': trouble.code,
      'x-amz-error-message': trouble.message,
      ...Object.fromEntries(
        Object.entries(trouble.members).map(([name, value]) => [`x-amz-error-detail-${name}`, encodeURIComponent(String(value))]),
      ),
    },
    body: Buffer.from(
      `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n${list([...details(trouble), ...ids])}${failed}<hr/>\n</body>\n</html>\n`,
    ),
  };
}
