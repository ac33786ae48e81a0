import { fieldsOf, listOf, textOf, type Fields } from './document.ts';

/** What becomes of the path that an API says it is under. */
export type BasePathMode = 'ignore' | 'prepend' | 'split';

/**
 * What stands before every path of the document.
 *
 * @source API Gateway Developer Guide, "Set the OpenAPI basePath property", read 2026-11
 */
export function prefixOf(document: Fields, mode: BasePathMode): string {
  const path = basePathOf(document).replace(/\/+$/, '');
  if (mode === 'prepend') return path;
  // The topmost part is the stage's.
  return mode === 'split' ? path.replace(/^\/[^/]*/, '') : '';
}

function basePathOf(document: Fields): string {
  const swagger = textOf(document['basePath']);
  if (swagger !== undefined) return swagger.startsWith('/') ? swagger : `/${swagger}`;
  const server = fieldsOf(listOf(document['servers'])[0]);
  const variables = fieldsOf(server['variables']);
  const url = (textOf(server['url']) ?? '').replaceAll(/\{([^{}]+)\}/g, (_whole, name: string) =>
    (textOf(fieldsOf(variables[name])['default']) ?? '').replace(/^\//, ''),
  );
  const path = url.startsWith('/') ? url : (/^[a-z]+:\/\/[^/]*(\/.*)$/.exec(url)?.[1] ?? '');
  return path === '/' ? '' : path;
}
