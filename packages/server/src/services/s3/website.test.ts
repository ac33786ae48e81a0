import { suite, test, type TestContext } from 'node:test';
import { checkWebsite } from './website.ts';

type Website = Parameters<typeof checkWebsite>[0];
const index = { IndexDocument: { Suffix: 'index.html' } };
const rule = (one: NonNullable<NonNullable<Website>['RoutingRules']>[number]): Website => ({ ...index, RoutingRules: [one] });
const Redirect = { HostName: 'example.com' };

/** What is wrong with a configuration, and the code it is refused with. */
const refused: Readonly<Record<string, readonly [Website, string]>> = {
  'no index': [{ ErrorDocument: { Key: 'e' } }, 'InvalidArgument'],
  'an index in a folder': [{ IndexDocument: { Suffix: 'a/index.html' } }, 'InvalidArgument'],
  'an empty error document': [{ ...index, ErrorDocument: { Key: '' } }, 'InvalidArgument'],
  'all elsewhere, and an index': [{ ...index, RedirectAllRequestsTo: { HostName: 'a.example' } }, 'InvalidArgument'],
  'a protocol of its own': [{ RedirectAllRequestsTo: { HostName: 'a.example', Protocol: 'ftp' as 'http' } }, 'InvalidRequest'],
  'no rules in a list of rules': [{ ...index, RoutingRules: [] }, 'MalformedXML'],
  'a rule that leads nowhere': [rule({ Redirect: undefined }), 'MalformedXML'],
  'a rule of two replacements': [rule({ Redirect: { ReplaceKeyWith: 'a', ReplaceKeyPrefixWith: 'b' } }), 'InvalidRequest'],
  'a condition of nothing': [rule({ Condition: {}, Redirect }), 'InvalidRequest'],
  'an error that is none': [rule({ Condition: { HttpErrorCodeReturnedEquals: '302' }, Redirect }), 'InvalidRequest'],
  'a redirect that is none': [rule({ Redirect: { ...Redirect, HttpRedirectCode: '200' } }), 'InvalidRequest'],
};

suite('configurations of web sites', () => {
  for (const [title, [website, code]] of Object.entries(refused)) {
    test(`are refused for ${title}`, (t: TestContext) => t.assert.throws(() => checkWebsite(website), { code }));
  }
  test('are taken when they are whole', (t: TestContext) => {
    t.assert.doesNotThrow(() => checkWebsite(rule({ Condition: { KeyPrefixEquals: 'a/' }, Redirect })));
    t.assert.doesNotThrow(() => checkWebsite({ RedirectAllRequestsTo: { HostName: 'a.example', Protocol: 'https' } }));
  });
});
