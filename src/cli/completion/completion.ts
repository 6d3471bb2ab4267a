/** `hookline completion bash|zsh|fish`: a script for the shell, made of what the program can do. */
import { Argument } from 'commander';
import type { Command } from 'commander';

import type { Cli } from '../context.ts';
import { completeBash, completeZsh } from './completion-bash.ts';
import { completeFish } from './completion-fish.ts';
import { describeProgram } from './describe.ts';

const shells = { bash: completeBash, zsh: completeZsh, fish: completeFish };
type Shell = keyof typeof shells;

export function addCompletionCommand(program: Command, cli: Cli): void {
  program
    .command('completion')
    .description('print a script that completes commands, options and their values in your shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(shells)))
    .addHelpText(
      'after',
      `
For this shell:   source <(hookline completion bash)      (zsh alike; fish: hookline completion fish | source)
For all of them:  hookline completion bash > /etc/bash_completion.d/hookline
                  hookline completion zsh > "\${fpath[1]}/_hookline"
                  hookline completion fish > ~/.config/fish/completions/hookline.fish`,
    )
    .action((shell: Shell) => cli.io.out(shells[shell](describeProgram(program))));
}
