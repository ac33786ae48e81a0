import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Scenarios, Scene } from '../kit/stage.ts';
import { inBucket, type Play } from './s3-kit.ts';

const IndexDocument = { Suffix: 'index.html' };
const ErrorDocument = { Key: 'error.html' };

/** A page as a browser gets it from the host of a site, without the ids of the request. */
function visited({ stage }: Scene, bucket: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(stage.origin + path, { headers: { Host: `${bucket}.s3-website.localhost` } }, (response) => {
      text(response).then(
        (page) =>
          resolve(
            page
              .replace(/RequestId: [^<]*/, 'RequestId: <request-id>')
              .replace(/HostId: [^<]*/, 'HostId: <host-id>')
              .replace(/BucketName: [^<]*/, 'BucketName: <bucket-name>'),
          ),
        reject,
      );
    })
      .on('error', reject)
      .end();
  });
}

const nothing: Play = async ({ scene, ok, Bucket }) => {
  await ok('PutBucketWebsite', { WebsiteConfiguration: { IndexDocument } });
  scene.match('404-no-such-key', await visited(scene, Bucket, '/'));
  await ok('PutBucketWebsite', { WebsiteConfiguration: { IndexDocument, ErrorDocument } });
  scene.match('404-no-such-key-nor-custom', await visited(scene, Bucket, '/'));
};

const noSite: Play = async ({ scene, Bucket }) => {
  scene.match('no-such-bucket', await visited(scene, `no-${Bucket}`, '/'));
  scene.match('no-such-website-config', await visited(scene, Bucket, '/'));
  scene.match('no-such-website-config-key', await visited(scene, Bucket, '/some-key'));
};

export const s3SiteScenarios: Scenarios = {
  'TestS3StaticWebsiteHosting.test_website_hosting_404': inBucket(nothing),
  'TestS3StaticWebsiteHosting.test_website_hosting_no_such_website': inBucket(noSite),
};
