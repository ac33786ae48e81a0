import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { certificate, pemOf } from './certificate.ts';

const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).length > 0;
  } catch {
    return false;
  }
})();
const dayMs = 86_400_000;
const nowMs = Date.now();
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;

suite('certificates', () => {
  const authority = { name: 'An authority', privateKey: newKey() };
  const root = certificate({
    name: authority.name,
    publicKey: createPublicKey(authority.privateKey),
    issuer: authority,
    use: { kind: 'authority' },
    fromMs: nowMs - dayMs,
    untilMs: nowMs + 40 * 365 * dayMs,
  });
  const leaf = certificate({
    name: 'a publisher',
    publicKey: createPublicKey(newKey()),
    issuer: authority,
    use: { kind: 'code', uri: 'arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/0123456789' },
    fromMs: nowMs - dayMs,
    untilMs: nowMs + dayMs,
  });

  test('say whose they are, by whom, from when until when, and what for', (t: TestContext) => {
    const [above, read] = [new X509Certificate(root), new X509Certificate(leaf)];
    t.assert.ok(above.ca && above.checkIssued(above) && above.verify(above.publicKey));
    t.assert.ok(!read.ca && read.checkIssued(above) && read.verify(above.publicKey));
    t.assert.equal(read.subject, 'CN=a publisher');
    t.assert.equal(read.subjectAltName, 'URI:arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/0123456789');
    t.assert.deepEqual(read.keyUsage, ['1.3.6.1.5.5.7.3.3']);
    t.assert.equal(read.validToDate.getTime(), Math.floor((nowMs + dayMs) / 1000) * 1000);
    // Beyond 2049, where certificates write their years in full.
    t.assert.equal(above.validToDate.getTime(), Math.floor((nowMs + 40 * 365 * dayMs) / 1000) * 1000);
    t.assert.ok(!read.verify(createPublicKey(newKey())));
  });

  test('hold before other eyes than ours', { skip: hasOpenssl ? false : 'openssl is not on this machine' }, (t: TestContext) => {
    using folder = temporaryFolder();
    const [rootFile, leafFile] = [path.join(folder.path, 'root.pem'), path.join(folder.path, 'leaf.pem')];
    writeFileSync(rootFile, pemOf(root));
    writeFileSync(leafFile, pemOf(leaf));
    const said = execFileSync('openssl', ['verify', '-x509_strict', '-purpose', 'any', '-CAfile', rootFile, leafFile]);
    t.assert.equal(said.toString(), `${leafFile}: OK\n`);
  });
});
