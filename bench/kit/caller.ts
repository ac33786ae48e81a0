import { Connection, post } from './connection.ts';

// A process of its own, so that nothing of the caller is counted with the server. It calls when a line comes.
const [port = '', name = '', authorization = ''] = process.argv.slice(2);
const request = post(`/2015-03-31/functions/${name}/invocations`, '{"message":"hello gate"}', {
  Authorization: authorization,
  'X-Amz-Date': '20260101T000000Z',
});
const connection = await Connection.open(Number(port));
process.stdin.setEncoding('utf8').on('data', (line: string) => void call(Number(line)));
process.stdout.write('ready\n');

async function call(times: number): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    const { status } = await connection.ask(request);
    if (status !== 200) process.stdout.write(`${status}\n`);
  }
  process.stdout.write('done\n');
}
