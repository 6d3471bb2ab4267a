/** `hookline completion bash|zsh|fish`: a script for the shell, generated from the commands. */
import { type CodeDefinition, defineCommand } from '../command/definition.ts';
import { completeBash, completeZsh } from './completion-bash.ts';
import { completeFish } from './completion-fish.ts';
import { describeProgram } from './describe.ts';

const scripts = { bash: completeBash, zsh: completeZsh, fish: completeFish };

export const completionCommand: CodeDefinition = defineCommand({
  words: 'completion <shell>',
  about: 'print a script that completes commands, options and their values in your shell',
  arguments: { shell: { choices: ['bash', 'zsh', 'fish'] } },
  help: `
For this shell:   source <(hookline completion bash)      (zsh alike; fish: hookline completion fish | source)
For all of them:  hookline completion bash > /etc/bash_completion.d/hookline
                  hookline completion zsh > "\${fpath[1]}/_hookline"
                  hookline completion fish > ~/.config/fish/completions/hookline.fish`,
  run: ({ io, command }, { shell }) => {
    const program = command.parent ?? command;
    io.out(scripts[shell](describeProgram(program)));
  },
});
