import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { PublishLayerVersionCommand } from '@aws-sdk/client-lambda';
import { deploy, invoke } from '../kit/functions.ts';
import { zipOf } from '../kit/zip.ts';
import { missing } from './kit/artefacts.ts';
import { openHouse, type House } from './kit/house.ts';

const absent = missing('ruby');
const minor = absent === false ? execFileSync('ruby', ['-e', 'print RUBY_VERSION[/\\d+\\.\\d+/]'], { encoding: 'utf8' }) : '';
const managed = ['3.2', '3.3', '3.4', '4.0'].includes(minor);
const Runtime = `ruby${minor}`;

/** Lambda has no Ruby 3.1, which is Debian 12's: there an operator's definition with our bootstrap makes it a runtime. */
function define(dataDir: string): void {
  const folder = path.join(dataDir, 'runtimes');
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(import.meta.dirname, '../../runtimes/ruby'), path.join(folder, 'ruby'), { recursive: true });
  const definition = {
    identifier: Runtime,
    interpreter: ['ruby'],
    bootstrap: 'ruby',
    command: ['{interpreter}', '/var/runtime/bootstrap.rb'],
    channel: 'frames',
    bootEnv: { LANG: 'C.UTF-8', HOME: '/tmp' },
    functionEnv: { RUBYLIB: '/var/task:/opt/ruby/lib' },
  };
  writeFileSync(path.join(folder, `${Runtime}.json`), JSON.stringify(definition));
}

suite(`Ruby ${minor}`, { timeout: 120_000, skip: absent }, () => {
  let house: House;

  before(async () => {
    house = await openHouse(managed ? {} : { prepare: define });
    const layer = await house.client.send(
      new PublishLayerVersionCommand({
        LayerName: 'greeting',
        Content: {
          ZipFile: await zipOf({ 'ruby/lib/greeting.rb': 'module Greeting\n  def self.to(name) = "hello #{name}"\nend\n' }),
        },
      }),
    );
    const code = `require 'greeting'
require 'json'
require 'net/http'
class Refused < StandardError; end
module Shop
  class Orders
    def self.place(event:, context:)
      puts "got #{event['n']}"
      raise Refused, 'it did not work' if event['fail']
      { twice: event['n'] * 2, greeting: Greeting.to(event['name']), requestId: context.aws_request_id, memory: context.memory_limit_in_mb,
        left: context.get_remaining_time_in_millis, endpoint: Net::HTTP.get_response(URI("#{ENV['AWS_ENDPOINT_URL']}/_mayfly/health")).code }
    end
  end
end
`;
    await deploy(
      house.client,
      'ruby',
      { 'app.rb': code },
      {
        Runtime: Runtime as 'ruby3.4',
        Handler: 'app.Shop::Orders.place',
        Timeout: 10,
        MemorySize: 256,
        Layers: [layer.LayerVersionArn ?? ''],
      },
    );
  });
  after(() => house?.[Symbol.asyncDispose]());

  test('a method of a class in a module, with a library from a layer', async (t: TestContext) => {
    const { answer, log } = await invoke(house.client, 'ruby', { n: 21, name: 'Ada' });
    const { requestId, left, ...rest } = answer as Record<string, unknown>;
    t.assert.deepEqual(rest, { twice: 42, greeting: 'hello Ada', memory: 256, endpoint: '200' });
    t.assert.match(log, new RegExp(`^START RequestId: ${String(requestId)} [^]*^got 21$`, 'm'));
    t.assert.ok(Number(left) > 5000 && Number(left) <= 10_000, String(left));
  });

  test('an exception is the answer, with its class and its stack', async (t: TestContext) => {
    const { error, answer } = await invoke(house.client, 'ruby', { n: 1, fail: true });
    const { stackTrace, ...told } = answer as { stackTrace: readonly string[] };
    t.assert.deepEqual([error, told], ['Unhandled', { errorMessage: 'it did not work', errorType: 'Function<Refused>' }]);
    t.assert.match(stackTrace[0] ?? '', /^\/var\/task\/app\.rb:9:in /);
  });
});
