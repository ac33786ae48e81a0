import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Admin } from '@platformatic/kafka';

const version = '3.9.1';
const folder = path.join(tmpdir(), `mayfly-test-kafka-${version}`);

/** Why there is no broker here, or false. Its jars come from Maven Central and stay for the next run. */
export function noKafka(): string | false {
  if (spawnSync('java', ['-version']).status !== 0) return 'java is not on this machine';
  if (existsSync(path.join(folder, 'lib')) && readdirSync(path.join(folder, 'lib')).length > 40) return false;
  if (spawnSync('mvn', ['-v']).status !== 0) return 'maven is not on this machine';
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency></dependencies></project>`,
  );
  const fetched = spawnSync('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'], {
    cwd: folder,
    timeout: 240_000,
  });
  return fetched.status === 0 ? false : 'the broker could not be fetched from Maven Central';
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

/** A real broker of one node, without Zookeeper. Disposing ends it. */
export class KafkaBroker implements AsyncDisposable {
  readonly address: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  static async start(dataDir: string): Promise<KafkaBroker> {
    const [port, controller] = [await freePort(), await freePort()];
    const properties = path.join(dataDir, 'server.properties');
    writeFileSync(
      properties,
      Object.entries({
        'process.roles': 'broker,controller',
        'node.id': 1,
        'controller.quorum.voters': `1@127.0.0.1:${controller}`,
        listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
        'controller.listener.names': 'CONTROLLER',
        'log.dirs': path.join(dataDir, 'logs'),
        'offsets.topic.replication.factor': 1,
        'offsets.topic.num.partitions': 1,
        'group.initial.rebalance.delay.ms': 0,
      })
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    );
    const java = (main: string, ...args: string[]): string[] => ['-Xmx256m', '-cp', path.join(folder, 'lib', '*'), main, ...args];
    const formatted = spawnSync(
      'java',
      java('kafka.tools.StorageTool', 'format', '-t', 'mKvqXWkVRfKZzjQkqDFHTw', '-c', properties),
      { encoding: 'utf8' },
    );
    if (formatted.status !== 0) throw new Error(formatted.stdout + formatted.stderr);
    const child = spawn('java', java('kafka.Kafka', properties), { stdio: 'ignore' });
    const broker = new KafkaBroker(child, `127.0.0.1:${port}`);
    await broker.#ready();
    return broker;
  }

  async createTopic(name: string, partitions: number): Promise<void> {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [this.address] });
    await admin.createTopics({ topics: [name], partitions, replicas: 1 });
    await admin.close();
  }

  async #ready(): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [this.address], retries: 0, connectTimeout: 500 });
      try {
        await admin.metadata({ topics: [] });
        return;
      } catch (error) {
        if (tries > 120 || this.#child.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      } finally {
        await admin.close().catch(() => {});
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}
