/** The process: runs one command. */
import { createProcessIo } from './cli/io.ts';
import { runCommand } from './cli/run.ts';
import { readSurroundings } from './config/environment.ts';
import { version } from './version.ts';

process.exitCode = await runCommand(process.argv.slice(2), version, {
  io: createProcessIo(),
  surroundings: readSurroundings(),
  // Each brings most of the program along, which what asks REST can do without: it starts in half the time.
  actions: {
    serve: async (...given) => (await import('./until-told.ts')).serveUntilTold(...given),
    doctor: async (...given) => (await import('./doctor.ts')).runDoctor(...given),
    openLocal: async config => (await import('./local.ts')).openLocal(config),
    importFromCloudstack: async (...given) =>
      (await import('./import.ts')).importFromCloudstack(...given),
  },
});
