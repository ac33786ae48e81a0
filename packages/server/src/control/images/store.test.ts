import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { silentLogger, systemRandom, type AccountId, type Region } from '../../base/index.ts';
import { imageOf, shaOf, tarOf } from './layer.kit.ts';
import { passwordsIn } from './sources/passwords.ts';
import { openImages, type ImageStore, type ImageStoreOptions } from './store.ts';

type Image = ReturnType<typeof imageOf>;

const caller = { account: '111111111111' as AccountId, region: 'us-east-1' as Region, architecture: 'x86_64' } as const;
const signal = new AbortController().signal;
const base = tarOf([{ name: 'run', content: '#!/bin/sh\n', mode: 0o755 }]);

/** A registry in memory, and a folder that is gone after the test. */
class Bench implements Disposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'mayfly-images-'));
  /** `account/repository:tag` → image. */
  readonly images = new Map<string, Image>();
  readonly clock = new VirtualClock();
  /** Blobs that were asked for. */
  readonly fetched: string[] = [];

  open(
    options: Partial<ImageStoreOptions> = {},
    shared?: { readonly account: string; readonly region: string },
  ): Promise<ImageStore> {
    return openImages({
      dataDir: this.folder,
      registry: {
        ...(shared === undefined ? {} : { shared }),
        isOwn: (host) => host === '127.0.0.1:4566',
        manifest: async ({ account, repository }, reference) => {
          for (const [name, { digest, blobs }] of this.images)
            if (
              name === `${account}/${repository}:${reference}` ||
              (name.startsWith(`${account}/${repository}:`) && digest === reference)
            )
              return { mediaType: '', bytes: blobs.get(digest) ?? new Uint8Array() };
          return undefined;
        },
        blob: ({ account, repository }, digest) => {
          for (const [name, { blobs }] of this.images) {
            const bytes = name.startsWith(`${account}/${repository}:`) ? blobs.get(digest) : undefined;
            if (bytes === undefined) continue;
            this.fetched.push(digest);
            const file = path.join(this.folder, `blob-${digest.slice(7)}`);
            writeFileSync(file, bytes);
            return file;
          }
          return undefined;
        },
      },
      registries: (host) => (host === 'registry.test' ? 'https' : 'no'),
      fetch: () => Promise.reject(new Error('There is no network here.')),
      clock: this.clock,
      random: systemRandom,
      log: silentLogger,
      bootId: 'first',
      ...options,
    });
  }

  put(name: string, image: Image): void {
    this.images.set(`${caller.account}/${name}`, image);
  }

  async take(store: ImageStore, uri: string): Promise<string> {
    const { resolvedUri, digest } = await store.resolve(uri, { ...caller, signal });
    await store.prepare(resolvedUri, { ...caller, digest, signal });
    return store.dir(digest);
  }

  list(kind: 'layers' | 'roots' | '.incoming'): readonly string[] {
    return readdirSync(path.join(this.folder, 'images', kind));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

suite('the image store', { timeout: 60_000 }, () => {
  test('takes an image once, however many ask for it at the same time', async (t: TestContext) => {
    using bench = new Bench();
    await using store = await bench.open();
    bench.put('app:v1', imageOf([base, tarOf([{ name: 'data', content: 'x' }])]));
    const dirs = await Promise.all(Array.from({ length: 8 }, () => bench.take(store, '127.0.0.1:4566/app:v1')));
    t.assert.equal(new Set(dirs).size, 1);
    t.assert.deepEqual(readdirSync(dirs[0] ?? '').sort(), ['data', 'run']);
    t.assert.equal(bench.fetched.filter((digest) => digest === shaOf(base)).length, 1);
    t.assert.deepEqual([bench.list('layers').length, bench.list('roots').length, bench.list('.incoming').length], [2, 1, 0]);
  });

  test('images that share a layer have it once; what nobody needs is swept, what somebody needs stays', async (t: TestContext) => {
    using bench = new Bench();
    await using store = await bench.open();
    const [one, two] = ['one', 'two'].map((word) => imageOf([base, tarOf([{ name: word, content: word }])]));
    if (one === undefined || two === undefined) return;
    bench.put('app:one', one);
    bench.put('app:two', two);
    const dirs = await Promise.all(['one', 'two'].map((tag) => bench.take(store, `127.0.0.1:4566/app:${tag}`)));
    t.assert.equal(bench.list('layers').length, 3);
    await store.sweep(() => new Set([two.digest]));
    t.assert.deepEqual([store.isReady(one.digest), store.isReady(two.digest)], [false, true]);
    t.assert.deepEqual([bench.list('layers').length, bench.list('roots').length], [2, 1]);
    t.assert.equal(readFileSync(path.join(store.dir(two.digest), 'two'), 'utf8'), 'two');
    const before = dirs[0];
    t.assert.notEqual(
      await bench.take(store, '127.0.0.1:4566/app:one'),
      before,
      'no mount of the old folder is taken for the new one',
    );
    t.assert.equal(readFileSync(path.join(store.dir(one.digest), 'one'), 'utf8'), 'one');
  });

  test('a layer that is refused leaves nothing behind, and the next try may succeed', async (t: TestContext) => {
    using bench = new Bench();
    await using store = await bench.open({ bounds: { bytes: 100_000, entries: 100 } });
    const bomb = gzipSync(tarOf([{ name: 'zeros', content: Buffer.alloc(200_000) }]));
    const lie = tarOf([{ name: 'other', content: 'x' }]);
    for (const [tag, image, words] of [
      ['bomb', imageOf([base, bomb]), /more than \d+ bytes/],
      ['climber', imageOf([tarOf([{ name: '../../x', content: 'x' }])]), /climbs out/],
      ['liar', imageOf([base], { unpacked: [lie] }), /not the one that the configuration/],
    ] as const) {
      bench.put(`app:${tag}`, image);
      await t.assert.rejects(bench.take(store, `127.0.0.1:4566/app:${tag}`), words);
    }
    t.assert.deepEqual([bench.list('roots'), bench.list('.incoming')], [[], []]);
    bench.put('app:good', imageOf([base]));
    t.assert.ok(existsSync(path.join(await bench.take(store, '127.0.0.1:4566/app:good'), 'run')));
  });

  test('a stop in the middle of unpacking leaves nothing, and a start removes what a kill left', async (t: TestContext) => {
    using bench = new Bench();
    const store = await bench.open();
    bench.put('app:big', imageOf([tarOf(Array.from({ length: 1000 }, (_, index) => ({ name: `f${index}`, content: 'x' })))]));
    const { resolvedUri, digest } = await store.resolve('127.0.0.1:4566/app:big', { ...caller, signal });
    const preparing = store.prepare(resolvedUri, { ...caller, digest, signal });
    const refused = t.assert.rejects(preparing, /stopping/);
    await store[Symbol.asyncDispose]();
    await refused;
    t.assert.deepEqual([bench.list('layers'), bench.list('roots'), bench.list('.incoming')], [[], [], []]);
    mkdirSync(path.join(bench.folder, 'images/.incoming/half/tree'), { recursive: true });
    mkdirSync(path.join(bench.folder, 'images/roots', 'a'.repeat(64), 'tree'), { recursive: true });
    await using again = await bench.open();
    t.assert.deepEqual([bench.list('roots'), bench.list('.incoming')], [[], []]);
    await again.prepare(resolvedUri, { ...caller, digest, signal });
    t.assert.equal(readdirSync(again.dir(digest)).length, 1000);
  });

  test('what had not reached storage when the machine stopped is made again; the rest stays', async (t: TestContext) => {
    using bench = new Bench();
    bench.put('app:v1', imageOf([base]));
    const { digest } = imageOf([base]);
    {
      await using store = await bench.open();
      await bench.take(store, '127.0.0.1:4566/app:v1');
    }
    {
      await using store = await bench.open();
      t.assert.equal(store.isReady(digest), true, 'the same start of the machine');
    }
    {
      await using store = await bench.open({ bootId: 'second' });
      t.assert.deepEqual([store.isReady(digest), bench.list('layers')], [false, []]);
      await bench.take(store, '127.0.0.1:4566/app:v1');
      await bench.clock.advance(60_000);
      await store.idle();
    }
    {
      await using store = await bench.open({ bootId: 'third' });
      t.assert.equal(store.isReady(digest), true, 'brought to storage meanwhile');
    }
  });

  test('another account’s repository is refused, and looked into where signatures are not checked', async (t: TestContext) => {
    using bench = new Bench();
    bench.images.set('222222222222/app:v1', imageOf([base]));
    const uri = '222222222222.dkr.ecr.eu-west-1.amazonaws.com/app:v1';
    {
      await using store = await bench.open();
      await t.assert.rejects(store.resolve(uri, { ...caller, signal }), { name: 'AccessDeniedException' });
      await t.assert.rejects(store.resolve('127.0.0.1:4566/app:v1', { ...caller, signal }), {
        name: 'InvalidParameterValueException',
      });
    }
    await using open = await bench.open({}, { account: '222222222222', region: 'eu-west-1' });
    for (const name of [uri, '127.0.0.1:4566/app:v1']) t.assert.ok((await open.resolve(name, { ...caller, signal })).digest);
  });

  test('layouts are read from the operator’s folder, and links in it do not lead out', async (t: TestContext) => {
    using bench = new Bench();
    const folder = path.join(bench.folder, 'allowed');
    const layout = (place: string, image: Image): void => {
      mkdirSync(path.join(place, 'blobs/sha256'), { recursive: true });
      for (const [digest, bytes] of image.blobs) writeFileSync(path.join(place, 'blobs/sha256', digest.slice(7)), bytes);
      const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
      writeFileSync(
        path.join(place, 'index.json'),
        JSON.stringify({ manifests: [{ digest: image.digest, size: 1, annotations }] }),
      );
    };
    layout(path.join(folder, 'good'), imageOf([base]));
    layout(path.join(bench.folder, 'elsewhere'), imageOf([base]));
    symlinkSync(path.join(bench.folder, 'elsewhere'), path.join(folder, 'link'));
    layout(path.join(folder, 'changed'), imageOf([base]));
    writeFileSync(path.join(folder, 'changed/blobs/sha256', shaOf(base).slice(7)), Buffer.from(base).fill(1, 0, 1));
    await using store = await bench.open({ folder });
    t.assert.ok(existsSync(path.join(await bench.take(store, `oci:${folder}/good:v1`), 'run')));
    await store.sweep(() => new Set());
    for (const [uri, name, words] of [
      [`oci:${folder}/link:v1`, 'AccessDeniedException', /nowhere else/],
      [`oci:${bench.folder}/elsewhere:v1`, 'AccessDeniedException', /nowhere else/],
      [`oci:${folder}/../elsewhere:v1`, 'AccessDeniedException', /nowhere else/],
      [`oci:${folder}/nothing:v1`, 'InvalidParameterValueException', /does not exist/],
      [`oci:${folder}/good:none`, 'InvalidParameterValueException', /does not exist/],
      ['oci:relative', 'InvalidParameterValueException', /not valid/],
    ] as const)
      await t.assert.rejects(
        store.resolve(uri, { ...caller, signal }),
        (error: Error) => error.name === name && words.test(error.message),
        uri,
      );
    await t.assert.rejects(bench.take(store, `oci:${folder}/changed:v1`), /not what its digest says/);
  });
});

suite('another registry', { timeout: 60_000 }, () => {
  const image = imageOf([gzipSync(base)], { unpacked: [base] });

  /** What `registry.test` answers; each request is kept. */
  function registry(answer: (url: URL, headers: Readonly<Record<string, string>>) => Response): {
    readonly fetch: ImageStoreOptions['fetch'];
    readonly asked: string[];
  } {
    const asked: string[] = [];
    return {
      asked,
      fetch: async (url, { headers }) => {
        asked.push(url);
        return answer(new URL(url), headers);
      },
    };
  }

  const serve = (url: URL): Response => {
    const bytes = url.pathname.endsWith('/manifests/v1')
      ? image.blobs.get(image.digest)
      : image.blobs.get(decodeURIComponent(url.pathname.split('/').at(-1) ?? ''));
    return bytes === undefined ? new Response('', { status: 404 }) : new Response(Buffer.from(bytes));
  };

  test('is asked with a token that it hands to anybody, and not with the token where it leads to', async (t: TestContext) => {
    using bench = new Bench();
    const tokens = new Map<string, string | undefined>();
    const { fetch } = registry((url, headers) => {
      tokens.set(url.host, headers['Authorization']);
      if (url.host === 'auth.test') return Response.json({ token: `for ${url.searchParams.get('scope')}` });
      if (url.host === 'store.test') return serve(url);
      if (headers['Authorization'] === undefined)
        return new Response('', {
          status: 401,
          headers: { 'WWW-Authenticate': 'Bearer realm="https://auth.test/token",service="s"' },
        });
      if (url.pathname.includes('/blobs/'))
        return new Response('', { status: 307, headers: { Location: `https://store.test${url.pathname}` } });
      return serve(url);
    });
    await using store = await bench.open({ fetch });
    t.assert.ok(existsSync(path.join(await bench.take(store, 'registry.test/team/app:v1'), 'run')));
    t.assert.deepEqual(
      [tokens.get('registry.test'), tokens.get('store.test')],
      ['Bearer for repository:team/app:pull', undefined],
    );
  });

  test('that wants a password is told the one the operator has for it, and nobody else is', async (t: TestContext) => {
    using bench = new Bench();
    const file = path.join(bench.folder, 'auth.json');
    const encoded = (text: string): string => Buffer.from(text).toString('base64');
    writeFileSync(
      file,
      JSON.stringify({
        auths: {
          'https://registry.test/v2/': { auth: encoded('ada:whole') },
          'registry.test/team/app': { username: 'ada', password: 'of the:app' },
          'other.test': { auth: encoded('ada:other') },
          'kept.test': {},
        },
      }),
    );
    const told: [place: string, authorization: string | undefined][] = [];
    const { fetch } = registry((url, headers) => {
      const authorization = headers['Authorization'];
      told.push([`${url.host}${url.pathname.split('/').slice(0, 4).join('/')}`, authorization]);
      if (url.host === 'store.test') return serve(url);
      if (url.host === 'auth.test') return Response.json({ access_token: authorization === undefined ? 'nobody' : 'ada' });
      const wants = url.pathname.startsWith('/v2/token') ? 'Bearer realm="https://auth.test/token"' : 'Basic realm="here"';
      if (authorization === undefined) return new Response('', { status: 401, headers: { 'WWW-Authenticate': wants } });
      if (url.pathname.includes('/blobs/'))
        return new Response('', { status: 307, headers: { Location: `https://store.test${url.pathname}` } });
      return serve(url);
    });
    await using store = await bench.open({ fetch, passwords: passwordsIn(file) });
    await bench.take(store, 'registry.test/team/app:v1');
    t.assert.deepEqual(told.slice(0, 2), [
      ['registry.test/v2/team/app', undefined],
      ['registry.test/v2/team/app', `Basic ${encoded('ada:of the:app')}`],
    ]);
    const second = told.length;
    await store.resolve('registry.test/token/app:v1', { ...caller, signal });
    t.assert.deepEqual(told.slice(second, second + 3), [
      ['registry.test/v2/token/app', undefined],
      ['auth.test/token', `Basic ${encoded('ada:whole')}`],
      ['registry.test/v2/token/app', 'Bearer ada'],
    ]);
    for (const [place, authorization] of told) if (place.startsWith('store.test')) t.assert.equal(authorization, undefined);
    writeFileSync(file, '{ not json');
    await t.assert.rejects(store.resolve('registry.test/team/app:v1', { ...caller, signal }), (error: Error) => {
      t.assert.match(error.message, /cannot be read as JSON/);
      return !error.message.includes('not json');
    });
  });

  test('that leads away from HTTPS, sends other content or too much of it is refused', async (t: TestContext) => {
    for (const [answer, words] of [
      [() => new Response('', { status: 302, headers: { Location: 'http://169.254.169.254/latest' } }), /without HTTPS/],
      [
        () => new Response('', { status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="http://127.0.0.1/token"' } }),
        /wants a password/,
      ],
      [() => new Response('', { status: 500 }), /answers 500/],
      [(url: URL) => (url.pathname.includes('/blobs/') ? new Response('x'.repeat(1000)) : serve(url)), /sends more/],
      [(url: URL) => (url.pathname.includes('/blobs/') ? new Response('x') : serve(url)), /not what its digest says/],
      [() => new Response('x'.repeat(5_000_000)), /too large/],
    ] as const) {
      using bench = new Bench();
      await using store = await bench.open({ fetch: registry(answer).fetch });
      await t.assert.rejects(bench.take(store, 'registry.test/app:v1'), words);
    }
  });

  test('that the operator has not named is never asked', async (t: TestContext) => {
    using bench = new Bench();
    const { fetch, asked } = registry(() => new Response('', { status: 404 }));
    await using store = await bench.open({ fetch });
    for (const uri of ['10.0.0.1:5000/app:v1', 'localhost:8080/app:v1', 'other.test/app:v1', '169.254.169.254/latest/meta-data'])
      await t.assert.rejects(store.resolve(uri, { ...caller, signal }), { name: 'AccessDeniedException' });
    t.assert.deepEqual(asked, []);
    await t.assert.rejects(store.resolve('registry.test/app:v1', { ...caller, signal }), /does not exist/);
  });
});
