import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { silentLogger, systemClock, systemRandom } from '../../base/index.ts';
import { openSns } from '../sns/index.ts';
import { openSqs } from '../sqs/index.ts';
import { openS3 } from './index.ts';

const hasBoto3 = (): boolean => {
  try {
    execFileSync('python3', ['-c', 'import boto3'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const script = `
import io, os, hashlib, json, urllib.request, boto3
from boto3.s3.transfer import TransferConfig
s3 = boto3.client('s3')
s3.create_bucket(Bucket='photos')
body = os.urandom(12_000_000)
s3.upload_fileobj(io.BytesIO(body), 'photos', 'big', Config=TransferConfig(multipart_threshold=5_242_880, multipart_chunksize=5_242_880), ExtraArgs={'Metadata': {'a': 'b'}})
out = io.BytesIO(); s3.download_fileobj('photos', 'big', out); assert out.getvalue() == body
s3.put_object(Bucket='photos', Key='sp ace/ü', Body=b'hello', ChecksumAlgorithm='SHA256')
assert s3.get_object(Bucket='photos', Key='sp ace/ü')['Body'].read() == b'hello'
assert s3.head_object(Bucket='photos', Key='sp ace/ü', ChecksumMode='ENABLED')['ChecksumSHA256'] == 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='
keys = [o['Key'] for p in s3.get_paginator('list_objects_v2').paginate(Bucket='photos', PaginationConfig={'PageSize': 1}) for o in p['Contents']]
assert keys == ['big', 'sp ace/ü'], keys
url = s3.generate_presigned_url('get_object', Params={'Bucket': 'photos', 'Key': 'sp ace/ü', 'ResponseContentType': 'text/x'})
answer = urllib.request.urlopen(url); assert answer.read() == b'hello' and answer.headers['Content-Type'] == 'text/x'
put = s3.generate_presigned_url('put_object', Params={'Bucket': 'photos', 'Key': 'put'})
urllib.request.urlopen(urllib.request.Request(put, data=b'x', method='PUT', headers={'Content-Type': ''}))
v2 = boto3.client('s3', config=boto3.session.Config(signature_version='s3')).generate_presigned_url('get_object', Params={'Bucket': 'photos', 'Key': 'put'})
assert urllib.request.urlopen(v2).read() == b'x'
try: s3.get_bucket_cors(Bucket='photos'); raise SystemExit('no error')
except s3.exceptions.ClientError as e: assert e.response['Error']['Code'] == 'NoSuchCORSConfiguration', e
s3.delete_objects(Bucket='photos', Delete={'Objects': [{'Key': k} for k in ['big', 'sp ace/ü', 'put']]})
s3.delete_bucket(Bucket='photos')

sqs = boto3.client('sqs')
q = sqs.create_queue(QueueName='q')['QueueUrl']
arn = sqs.get_queue_attributes(QueueUrl=q, AttributeNames=['QueueArn'])['Attributes']['QueueArn']
sns = boto3.client('sns')
topic = sns.create_topic(Name='t')['TopicArn']
sns.subscribe(TopicArn=topic, Protocol='sqs', Endpoint=arn, Attributes={'RawMessageDelivery': 'true', 'FilterPolicy': json.dumps({'k': ['v']})})
sns.publish(TopicArn=topic, Message='no')
sns.publish(TopicArn=topic, Message='yes', MessageAttributes={'k': {'DataType': 'String', 'StringValue': 'v'}})
m = sqs.receive_message(QueueUrl=q, WaitTimeSeconds=10, MessageAttributeNames=['All'])['Messages'][0]
assert m['Body'] == 'yes' and m['MessageAttributes']['k']['StringValue'] == 'v'
sqs.delete_message(QueueUrl=q, ReceiptHandle=m['ReceiptHandle'])
try: sqs.get_queue_url(QueueName='none'); raise SystemExit('no error')
except sqs.exceptions.QueueDoesNotExist as e: assert e.response['Error']['Code'] == 'AWS.SimpleQueueService.NonExistentQueue', e.response
print('fine')
`;

suite('boto3', { timeout: 60_000, skip: hasBoto3() ? false : 'no boto3 here' }, () => {
  test('objects, queues and topics work as its users write them', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using database = new PlainDatabase(path.join(folder.path, 'db'));
    const common = { database, clock: systemClock, random: systemRandom, log: silentLogger };
    await using sqs = await openSqs(common);
    await using sns = await openSns({
      ...common,
      ports: { sqs: sqs.port, lambda: { invokeAsync: () => Promise.resolve('request') }, origin: () => 'http://127.0.0.1' },
    });
    await using s3 = await openS3({ ...common, dir: path.join(folder.path, 's3') });
    await using street = await openStreet({ s3: s3.handlers, sqs: sqs.handlers, sns: sns.handlers });
    const { stdout } = await promisify(execFile)('python3', ['-c', script], { env: { ...street.env, AWS_MAX_ATTEMPTS: '1' } });
    t.assert.strictEqual(stdout.trim(), 'fine');
  });
});
