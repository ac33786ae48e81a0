import { RuntimeError, type Look, type RuntimeDefinition } from './definition.ts';
import type { ManagedIdentifier } from './identifiers.ts';

const successors: Readonly<Record<ManagedIdentifier['family'], string>> = {
  nodejs: 'nodejs24.x',
  python: 'python3.13',
  java: 'java25',
  ruby: 'ruby3.4',
  dotnet: 'dotnet10',
  provided: 'provided.al2023',
};

/** Languages our bootstraps do not speak any more: AWS takes no new function with them either. */
export const isTooOld = ({ family, language }: ManagedIdentifier): boolean =>
  (family === 'nodejs' && Number(language) < 16) ||
  (family === 'python' && language === '2.7') ||
  (family === 'ruby' && language === '2.5') ||
  (family === 'dotnet' && language.includes('.'));

export function tooOld({ identifier, family }: ManagedIdentifier): RuntimeDefinition {
  const remedy = `choose a newer runtime, ${successors[family]} for example`;
  const refuse = (): never => {
    throw new RuntimeError('RUNTIME_UNAVAILABLE', `${identifier} is not supported: ${remedy}`);
  };
  return {
    identifier,
    family,
    look: (): Look => ({ kind: 'unavailable', remedy }),
    prepare: () => Promise.resolve().then(refuse),
    resolve: refuse,
  };
}
