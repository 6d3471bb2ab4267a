/** The process: runs one command. */
import { createProcessIo } from './cli/terminal/io.ts';
import { runCommandLine } from './cli/program.ts';
import { readEnvironment } from './config/load/environment.ts';
import { version } from './version.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), version, {
  io: createProcessIo(),
  environment: readEnvironment(),
  // Each loads most of the program, which commands that only call REST do without: they start in half the time.
  actions: {
    serve: async (...given) => (await import('./run.ts')).runUntilSignal(...given),
    doctor: async (...given) => (await import('./doctor/doctor.ts')).runDoctor(...given),
    openLocal: async config => (await import('./local.ts')).openLocal(config),
    importFromCloudstack: async (...given) =>
      (await import('./directory/cloudstack/import-webhooks.ts')).importFromCloudstack(...given),
  },
});
