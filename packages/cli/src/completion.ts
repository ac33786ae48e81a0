import { exitCodes, Stop } from './exit.ts';

/** `mayfly completion bash|zsh|fish`, to be evaluated by the shell. */
export function completion(shell: string, commands: readonly string[]): string {
  const words = commands.join(' ');
  switch (shell) {
    case 'bash':
      return `complete -W '${words}' mayfly\n`;
    case 'zsh':
      return `_mayfly() { compadd -- ${words} }\ncompdef _mayfly mayfly\n`;
    case 'fish':
      return `complete -c mayfly -n __fish_use_subcommand -a '${words}'\n`;
    default:
      throw new Stop(exitCodes.usage, `There is no completion for ${shell}. There is one for bash, zsh and fish.`);
  }
}
