import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { exitCodes, explain, Stop } from './exit.ts';
import { targetOf, type TargetFlags } from './target.ts';

// Stripped and compiled modules are kept for the next start: half of a start is spent on them. In our own
// folder, for what lies in /tmp might be somebody else's. Where it is not writable, nothing is kept.
enableCompileCache(path.join(import.meta.dirname, '../../../node_modules/.cache/mayfly'));

// Each command imports what it needs when it runs, so that `mayfly --help` costs nothing.
const program = new Command('mayfly')
  .description('AWS Lambda that anyone can own')
  .option('--endpoint-url <url>', 'server to talk to (AWS_ENDPOINT_URL)')
  .option('--region <region>', 'region (AWS_DEFAULT_REGION)')
  .option('--account <id>', 'account, twelve digits')
  .option('--json', 'answers as JSON')
  .exitOverride()
  .showHelpAfterError('Run mayfly --help for the commands.');

/** Options of a command and of the program together. */
const flagsOf = <Flags extends TargetFlags>(command: Command): Flags => command.optsWithGlobals();

program
  .command('start')
  .description('run a server until it is told to stop')
  .option('--config <file>', 'settings as JSON')
  .option('--host <host>', 'address to listen on')
  .option('--port <port>', 'port to listen on; 0 = any free one')
  .option('--host-names <name,...>', 'names under which clients reach this server')
  .option(
    '--deliver-to <address,...>',
    'addresses that are not public and may be sent messages over HTTP: localhost, private, 10.1.0.0/16, 127.0.0.1:3000',
  )
  .option('--data <dir>', 'folder for everything the server keeps')
  .addOption(new Option('--auth <mode>', 'open, strict, or soft to log what strict would refuse'))
  .option('--explain-denials', 'log what policies refuse, with the statement that would allow it')
  .addOption(new Option('--isolation <walls>', 'auto, jail or none'))
  .option('--pool-size <boxes>', 'booted boxes kept ready per runtime')
  .option('--idle-ms <ms>', 'how long an environment that nobody uses is kept; learned = by its habits')
  .option('--drain-ms <ms>', 'how long a stop waits for running invocations')
  .option('--no-install', 'do not install bubblewrap where it is missing')
  .option('--brokers <arn=host:port,...>', 'where brokers are that event source mappings name by ARN')
  .option(
    '--file-systems <arn=/folder,...>',
    'folders that EFS and S3 Files access points are; functions write there as the owner, unless he is root',
  )
  .option('--networks <file>', 'what functions reach by which VpcConfig; see docs/networks.md')
  .option('--image-registries <host,...>', 'other registries that functions may take their images from')
  .option('--registry-auth <file>', 'passwords of other registries, as docker login writes them')
  .option('--image-folder <folder>', 'where oci: and archive images may be read from')
  .addOption(new Option('--unavailable-runtimes <what>', 'refuse or accept functions of runtimes that this host lacks'))
  .addOption(new Option('--cfn-unknown <what>', 'refuse stacks with resources of unknown types, or ignore those resources'))
  .option('--allow-public-open', 'allow --auth open on an address others can reach')
  .option('--log-level <level>', 'debug, info, warn or error')
  .option('--limit <name=value,...>', 'limits to lift')
  .action(async (_options, command: Command) => {
    const { data, limit, install, ...flags } = flagsOf<TargetFlags & Record<string, unknown>>(command);
    const { start } = await import('./start.ts');
    await start({ ...flags, dataDir: data, limits: limit, ...(install === false ? { install } : {}) });
  });

program
  .command('env')
  .description('the lines that point every AWS tool at the server: eval "$(mayfly env)"')
  .action(async (_options, command: Command) => {
    const { exportLines } = await import('./start.ts');
    const flags = flagsOf(command);
    const target = targetOf(flags);
    process.stdout.write(
      flags.json === true
        ? JSON.stringify({
            AWS_ENDPOINT_URL: target.endpoint,
            AWS_ACCESS_KEY_ID: target.accessKeyId,
            AWS_SECRET_ACCESS_KEY: target.secretAccessKey,
            AWS_DEFAULT_REGION: target.region,
          }) + '\n'
        : exportLines(target).join('\n') + '\n',
    );
  });

program
  .command('status')
  .description('what the server says of itself')
  .action(async (_options, command: Command) => (await import('./status.ts')).status(flagsOf(command)));

program
  .command('deploy')
  .description('create or update a function from a folder')
  .argument('<dir>')
  .option('--name <name>', 'name of the function')
  .action(async (dir: string, _options, command: Command) => (await import('./deploy.ts')).deploy(dir, flagsOf(command)));

program
  .command('invoke')
  .description('call a function; the payload is JSON, @file or - for standard input')
  .argument('<name>')
  .argument('[payload]')
  .option('--qualifier <qualifier>', 'version or alias')
  .option('--async', 'hand the event over and do not wait')
  .action(async (name: string, payload: string | undefined, _options, command: Command) =>
    (await import('./functions.ts')).invoke(name, payload, flagsOf(command)),
  );

program
  .command('logs')
  .description('log of a function')
  .argument('<name>')
  .option('-f, --follow', 'keep showing what comes')
  .action(async (name: string, _options, command: Command) => (await import('./logs.ts')).logs(name, flagsOf(command)));

program
  .command('ls')
  .description('list the functions')
  .action(async (_options, command: Command) => (await import('./functions.ts')).list(flagsOf(command)));

program
  .command('rm')
  .description('delete a function')
  .argument('<name>')
  .action(async (name: string, _options, command: Command) => (await import('./functions.ts')).remove(name, flagsOf(command)));

const dataOption = (): Option => new Option('--data <dir>', 'folder of the server');

program
  .command('doctor')
  .description('what this host can do, and the line that mends what it cannot')
  .addOption(dataOption())
  .option('--config <file>', 'settings as JSON')
  .action(async (_options, command: Command) => (await import('./inspect.ts')).doctor(flagsOf(command)));

const runtimes = program
  .command('runtimes')
  .description('what functions can be written in here')
  .addOption(dataOption())
  .action(async (_options, command: Command) => (await import('./inspect.ts')).runtimes(flagsOf(command)));
runtimes
  .command('add')
  .description('fetch a runtime now instead of at its first function')
  .argument('<identifier>', 'for example nodejs22.x')
  .option(
    '--from <image>',
    'take it out of a container image: public.ecr.aws/lambda/python:3.12, 127.0.0.1:4566/image:tag, oci:/folder:tag',
  )
  .action(async (identifier: string, _options, command: Command) =>
    (await import('./inspect.ts')).add(identifier, flagsOf(command)),
  );

const maxOption = (): Option => new Option('--max <events>', 'at most this many');
const queue = program.command('queue').description('events that were accepted and have not ended');
queue
  .command('ls')
  .description('how many, how old, by function')
  .action(async (_options, command: Command) => (await import('./queue.ts')).listQueue(flagsOf(command)));
queue
  .command('peek')
  .description('the oldest of a function')
  .argument('<name>')
  .addOption(maxOption())
  .action(async (name: string, _options, command: Command) => (await import('./queue.ts')).peekQueue(name, flagsOf(command)));
queue
  .command('redrive')
  .description('bring failed ones back from the dead-letter queue')
  .argument('<name>')
  .addOption(maxOption().default('1000'))
  .action(async (name: string, _options, command: Command) => (await import('./queue.ts')).redriveQueue(name, flagsOf(command)));
queue
  .command('purge')
  .description('drop those that wait')
  .argument('<name>')
  .action(async (name: string, _options, command: Command) => (await import('./queue.ts')).purgeQueue(name, flagsOf(command)));

const userOption = (): Option => new Option('--user <name>', 'an IAM user; the root of the account when absent');
const keys = program
  .command('keys')
  .description('access keys of the account, for --auth strict')
  .addOption(userOption())
  .action(async (_options, command: Command) => (await import('./keys.ts')).listKeys(flagsOf(command)));
keys
  .command('create')
  .description('make a key; its secret is shown this once')
  .addOption(userOption())
  .action(async (_options, command: Command) => (await import('./keys.ts')).createKey(flagsOf(command)));
keys
  .command('rm')
  .description('delete a key')
  .argument('<id>')
  .addOption(userOption())
  .action(async (id: string, _options, command: Command) => (await import('./keys.ts')).removeKey(id, flagsOf(command)));

const accounts = program
  .command('accounts')
  .description('accounts of the server, for --auth strict')
  .action(async (_options, command: Command) => (await import('./accounts.ts')).listAccounts(flagsOf(command)));
accounts
  .command('create')
  .description('make an account, and the first key of its root; the secret is shown this once')
  .argument('<id>', 'twelve digits')
  .action(async (id: string, _options, command: Command) => (await import('./accounts.ts')).createAccount(id, flagsOf(command)));

program
  .command('completion')
  .description('shell completion for bash, zsh or fish')
  .argument('<shell>')
  .action(async (shell: string) => {
    const { completion } = await import('./completion.ts');
    process.stdout.write(
      completion(
        shell,
        program.commands.map((command) => command.name()),
      ),
    );
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failed(error);
}

function failed(error: unknown): number {
  // Commander has printed its own sentence already; asking for help is no mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const isOurs =
    !(error instanceof Stop) && (error as { $metadata?: unknown }).$metadata === undefined && !('code' in (error as object));
  if (isOurs) {
    console.error(error);
    return exitCodes.refused;
  }
  const stop = explain(error, targetOf(program.opts()).endpoint);
  console.error(program.opts()['json'] === true ? JSON.stringify({ error: stop.message }) : stop.message);
  return stop.exitCode;
}
