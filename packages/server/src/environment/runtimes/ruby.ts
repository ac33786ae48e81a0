import path from 'node:path';
import { RuntimeError, type Look, type RuntimeDefinition } from './definition.ts';
import { HostInterpreters } from './host-interpreters.ts';
import type { ManagedIdentifier } from './identifiers.ts';
import { executables, type Host } from './places.ts';
import type { ResolvedRuntime } from './port.ts';
import type { Verified } from './verified.ts';

export interface RubySources {
  readonly bootstrap: string;
  readonly host: Host;
  readonly verified: Verified;
}

/** A Ruby of the host with this minor version. It stays where it is: Ruby knows its place by its full path. */
export class RubyRuntime implements RuntimeDefinition {
  readonly identifier: string;
  readonly family = 'ruby';
  readonly #minor: string;
  readonly #sources: RubySources;
  readonly #interpreters: HostInterpreters;

  constructor({ identifier, language }: ManagedIdentifier, sources: RubySources) {
    this.identifier = identifier;
    this.#minor = language;
    this.#sources = sources;
    const probe = ['--disable-gems', path.join(sources.bootstrap, 'probe.rb')];
    this.#interpreters = new HostInterpreters({ what: 'ruby', search, language, implementation: 'ruby', probe, ...sources });
  }

  look(): Look {
    const ruby = this.#interpreters.good()[0];
    if (ruby !== undefined) return { kind: 'ready', from: ruby.executable, interpreterVersion: ruby.version };
    const from = this.#interpreters.untried();
    return from === undefined
      ? { kind: 'unavailable', remedy: `rbenv install ${this.#minor}` }
      : { kind: 'preparable', from, local: true };
  }

  async prepare({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if ((await this.#interpreters.find(signal)) !== undefined) return;
    throw new RuntimeError(
      'RUNTIME_UNAVAILABLE',
      `No Ruby ${this.#minor} on this host works. To add one: rbenv install ${this.#minor}`,
    );
  }

  resolve(): ResolvedRuntime {
    const ruby = this.#interpreters.good()[0];
    if (ruby === undefined) throw new RuntimeError('RUNTIME_UNAVAILABLE', `${this.identifier} is not ready`);
    const visible = ruby.prefix === '/usr' || ruby.prefix.startsWith('/usr/');
    return {
      identifier: this.identifier,
      family: this.family,
      interpreterVersion: ruby.version,
      mounts: [
        ...(visible ? [] : [{ source: ruby.prefix, target: ruby.prefix }]),
        { source: this.#sources.bootstrap, target: '/var/runtime' },
      ],
      command: [ruby.executable, '/var/runtime/bootstrap.rb'],
      bootEnv: { LANG: 'C.UTF-8', HOME: '/tmp' },
      channel: 'frames',
      // @source spec 3.6-20
      functionEnv: () => ({ GEM_PATH: `/var/task/vendor/bundle/ruby/${this.#minor}.0:/opt/ruby/gems/${this.#minor}.0` }),
    };
  }
}

const search = ({ path: places, home, env, root }: Host): string[] =>
  executables([
    ...places.filter((folder) => !folder.endsWith('/shims')).flatMap((folder) => [`${folder}/ruby`, `${folder}/ruby*`]),
    `${env.RBENV_ROOT ?? path.join(home, '.rbenv')}/versions/*/bin/ruby`,
    `${home}/.rubies/*/bin/ruby`,
    `${home}/.rvm/rubies/*/bin/ruby`,
    `${home}/.asdf/installs/ruby/*/bin/ruby`,
    `${root}/opt/rubies/*/bin/ruby`,
    `${root}/opt/hostedtoolcache/Ruby/*/*/bin/ruby`,
    `${root}/usr/local/bin/ruby`,
    `${root}/usr/bin/ruby*`,
  ]).filter((file) => /^ruby[\d.]*$/.test(path.basename(file)));
