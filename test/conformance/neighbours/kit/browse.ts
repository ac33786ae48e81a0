import type { Answer } from '../../kit/stage.ts';

/** Follows a link, as somebody does who has no client, and reads the document into objects as it was recorded. */
export async function browse(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const answer = read(await response.text());
  for (const part of Object.values<unknown>(answer))
    if (typeof part === 'object' && part !== null && 'ResponseMetadata' in part)
      part.ResponseMetadata = { HTTPHeaders: {}, HTTPStatusCode: response.status };
  return answer;
}

/** Elements without attributes, each name once; texts without escapes; null where there is nothing. */
export function read(xml: string): Answer {
  const content: Answer = {};
  for (const [, name = '', inside = ''] of xml.matchAll(/<([\w-]+)(?:\s[^>]*)?(?:\/>|>([^]*?)<\/\1>)/g))
    content[name] = inside.includes('<') ? read(inside) : inside === '' ? null : inside;
  return content;
}
