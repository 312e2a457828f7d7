/**
 * The C loops of scripts/loops/loops.c on this machine's processor and in a guest, the same machine code:
 * `npm run accuracy:loops`. Without gcc, or elsewhere than on x86-64 Linux, the guest's half alone.
 * `-- --compile`: makes the machine code anew and writes it, with the values, to tests/timing/loops.json.
 */
import { parseArgs } from 'node:util';
import { commandLine, runTool } from './accuracy/command-line.js';
import { ZEN1 } from '../emulator/timing/cores/zen1.js';
import { runInGuest } from './loops/guest-half.js';
import { hostProcessor, isZen1, wordsOf } from './loops/host-processor.js';
import { compileLoops, hasCompiler, runNatively } from './loops/native-half.js';
import { codeOf, readLoops, writeLoops } from './loops/recorded-loops.js';

await runTool('loops', compareLoops);

function compareLoops(): void {
  const rootDir = process.cwd();
  const native = process.platform === 'linux' && hasCompiler();
  const chosen = commandLine(
    () => parseArgs({ options: { compile: { type: 'boolean', default: false } } }).values,
  );
  if (chosen.compile) {
    const { code, compiler } = compileLoops(rootDir);
    const values = runNatively(rootDir, code).map(({ value }) => value);
    writeLoops(rootDir, { compiler, code, values });
  }
  const recorded = readLoops(rootDir);
  const code = codeOf(recorded);
  const runs = native ? runNatively(rootDir, code) : [];
  const host = native ? hostProcessor() : null;

  console.log(`${recorded.compiler}\n`);
  print(['loop', 'unit', 'zen1', 'Zen 1', 'zen1/Zen 1', 'native', 'zen1/native', 'unit/native']);
  recorded.loops.forEach(({ name, value, zen1 }, place) => {
    const guest = runInGuest({ rootDir, model: ZEN1 }, code, place);
    const run = runs[place];
    for (const found of [guest.value, run?.value]) {
      if (found !== undefined && found !== value) {
        throw new Error(`${name} returned ${found} instead of ${value}.`);
      }
    }
    const known = zen1 === undefined ? undefined : zen1.cycles * zen1.steps;
    print([
      name,
      guest.instructions.toFixed(0),
      guest.cycles.toFixed(0),
      known?.toFixed(0) ?? '',
      known === undefined ? '' : (guest.cycles / known).toFixed(2),
      run?.cycles.toFixed(0) ?? '',
      run === undefined ? '' : (guest.cycles / run.cycles).toFixed(2),
      run === undefined ? '' : (guest.instructions / run.cycles).toFixed(2),
    ]);
  });
  console.log(
    `\nunit, zen1: cycles in a guest. Zen 1: what measured steps of the same kind add up to.`,
  );
  if (host === null) console.log('native: not measured (no gcc, or not Linux on x86-64).');
  else {
    console.log(`native: cycles of this machine's processor, ${wordsOf(host)}.`);
    const judged = isZen1(host)
      ? 'The goal, zen1/native from 0.9 to 1.1, is judged here.'
      : 'It is no Zen 1 (family 17h model 1h): zen1/native compares two processors and judges nothing.';
    console.log(judged);
  }
}

function print(cells: readonly string[]): void {
  console.log(
    cells.map((cell, column) => (column === 0 ? cell.padEnd(16) : cell.padStart(12))).join(''),
  );
}
