import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { suite, test, type TestContext } from 'node:test';
import { ServiceFault } from '@mayfly/wire';
import { silentLogger } from '../../base/index.ts';
import { SiteDoor } from './door.ts';
import { siteOf, type SiteConfiguration } from './routing.ts';

interface Page {
  readonly status: number | undefined;
  readonly location: string | undefined;
  readonly body: string;
}

/** A site of these objects; what begins with `to:` redirects. */
async function openSite(site: SiteConfiguration, objects: Readonly<Record<string, string>>) {
  const door = new SiteDoor({
    aws: {
      async readObject({ target, headers }) {
        const key = decodeURIComponent(target.slice('/b/'.length));
        const body = objects[key];
        if (body === undefined)
          throw new ServiceFault('NoSuchKey', 'The specified key does not exist.', { status: 404, members: { Key: key } });
        if (headers['if-none-match'] === `"${key}"`)
          throw new ServiceFault('NotModified', 'Not Modified', { status: 304, headers: { ETag: `"${key}"` } });
        return {
          status: 200,
          headers: body.startsWith('to:') ? { 'x-amz-website-redirect-location': body.slice(3) } : { ETag: `"${key}"` },
          body: Buffer.from(body),
        };
      },
    },
    site: () => site,
    log: silentLogger,
  });
  const server = createServer((incoming, response) => void door.serve(incoming, response, 'b', 'request-1'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    get: (path: string, more: { readonly method?: string; readonly headers?: Record<string, string> } = {}): Promise<Page> =>
      new Promise((resolve, reject) => {
        request({ port, path, ...more, headers: { Host: 'b.s3-website.localhost', ...more.headers } }, (response) => {
          const { statusCode: status, headers } = response;
          text(response).then((body) => resolve({ status, location: headers.location, body }), reject);
        })
          .on('error', reject)
          .end();
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const IndexDocument = { Suffix: 'index.html' };

suite('buckets as web sites', () => {
  test('are told by their host alone', (t: TestContext) => {
    t.assert.equal(siteOf('name.s3-website.localhost:4566'), 'name');
    t.assert.equal(siteOf('www.example.com.s3-website-us-east-1.amazonaws.com'), 'www.example.com');
    t.assert.equal(siteOf('name.s3-website.eu-central-1.amazonaws.com'), 'name');
    t.assert.equal(siteOf('name.s3.us-east-1.amazonaws.com'), undefined);
    t.assert.equal(siteOf('s3-website.localhost'), undefined);
    t.assert.equal(siteOf(undefined), undefined);
  });

  test('answer folders with their index, and lead to a folder that was asked for without its slash', async (t: TestContext) => {
    await using site = await openSite({ IndexDocument }, { 'index.html': 'home', 'a b/index.html': 'inside', page: 'a page' });
    t.assert.equal((await site.get('/')).body, 'home');
    t.assert.equal((await site.get('/a%20b/')).body, 'inside');
    t.assert.equal((await site.get('/page?x=1')).body, 'a page');
    const { status, location, body } = await site.get('/a%20b');
    t.assert.deepEqual({ status, location }, { status: 302, location: '/a%20b/' });
    t.assert.match(body, /<li>Code: Found<\/li>\n<li>Message: Resource Found<\/li>/);
    const head = await site.get('/page', { method: 'HEAD' });
    t.assert.deepEqual({ ...head, location: '' }, { status: 200, location: '', body: '' });
    t.assert.equal((await site.get('/page', { headers: { 'If-None-Match': '"page"' } })).status, 304);
    const posted = await site.get('/page', { method: 'POST' });
    t.assert.equal(posted.status, 405);
    t.assert.match(posted.body, /<li>Method: POST<\/li>\n<li>ResourceType: OBJECT<\/li>/);
  });

  test('have a document for errors, with the status of the error', async (t: TestContext) => {
    await using site = await openSite({ IndexDocument, ErrorDocument: { Key: 'error.html' } }, { 'error.html': 'sorry' });
    const { status, body } = await site.get('/nowhere');
    t.assert.deepEqual({ status, body }, { status: 404, body: 'sorry' });
  });

  test('send elsewhere: all of them, one object, or what their rules are about, the first that fits', async (t: TestContext) => {
    const where = async (config: SiteConfiguration, path: string): Promise<string> => {
      await using site = await openSite(config, { 'index.html': 'home', moved: 'to:/index.html', 'docs/there': 'x' });
      const { status, location } = await site.get(path);
      return `${status} ${location}`;
    };
    const all = { HostName: 'example.com', Protocol: 'https' };
    t.assert.equal(await where({ RedirectAllRequestsTo: all }, '/a?b=c'), '301 https://example.com/a?b=c');
    t.assert.equal(await where({ IndexDocument }, '/moved'), '301 /index.html');
    const RoutingRules: SiteConfiguration['RoutingRules'] = [
      {
        Condition: { KeyPrefixEquals: 'docs/', HttpErrorCodeReturnedEquals: '404' },
        Redirect: { ReplaceKeyWith: 'missing doc.html', HttpRedirectCode: '307' },
      },
      { Condition: { KeyPrefixEquals: 'images/' }, Redirect: { ReplaceKeyPrefixWith: 'pictures/' } },
      { Condition: { KeyPrefixEquals: 'old/' }, Redirect: { ReplaceKeyPrefixWith: '' } },
      { Condition: { HttpErrorCodeReturnedEquals: '404' }, Redirect: { HostName: 'elsewhere.example', Protocol: 'https' } },
    ];
    const rules = { IndexDocument, RoutingRules };
    const here = 'http://b.s3-website.localhost';
    t.assert.equal(await where(rules, '/docs/gone'), `307 ${here}/missing%20doc.html`);
    t.assert.equal(await where(rules, '/docs/there'), '200 undefined');
    t.assert.equal(await where(rules, '/images/a/b.png'), `301 ${here}/pictures/a/b.png`);
    t.assert.equal(await where(rules, '/old/index.html'), `301 ${here}/index.html`);
    t.assert.equal(await where(rules, '/nowhere'), '301 https://elsewhere.example/nowhere');
  });
});
