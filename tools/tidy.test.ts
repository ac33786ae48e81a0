import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { rooms } from './rooms.ts';

const server = path.join(import.meta.dirname, '..', 'packages/server/src');
const importLine = /(?:from|import)\s*\(?\s*'([^']+)'/g;

/** A file of a room and the specifiers it imports. */
const imports = (file: string): string[] =>
  [...readFileSync(path.join(server, file), 'utf8').matchAll(importLine)].map((match) => match[1] ?? '');

suite('the rooms', () => {
  for (const [room, allowed] of Object.entries(rooms)) {
    test(`${room} imports only ${allowed.join(', ') || 'nothing'}, through their index`, (t) => {
      const wrong: string[] = [];
      for (const file of globSync(`${room}/**/*.ts`, { cwd: server })) {
        if (file.endsWith('.test.ts') || file.endsWith('.suite.ts')) continue;
        for (const specifier of imports(file)) {
          if (specifier === '@mayfly/wire' && !(allowed as readonly string[]).includes('wire')) {
            wrong.push(`${file}: ${specifier}`);
          }
          if (!specifier.startsWith('.')) continue;
          const target = path.relative(server, path.resolve(server, path.dirname(file), specifier));
          const [other, ...rest] = target.split(path.sep);
          if (other === room || other === '..') continue;
          const known = (allowed as readonly string[]).includes(other ?? '');
          if (!known || rest.join('/') !== 'index.ts') wrong.push(`${file}: ${specifier}`);
        }
      }
      t.assert.deepEqual(wrong, []);
    });
  }
});
