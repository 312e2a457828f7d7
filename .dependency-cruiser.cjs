/** The layer law of emulator/layers.json as rules, and a few absences that ARCHITECTURE.md promises. */
const layers = require('./emulator/layers.json');

const layerRules = Object.entries(layers).map(([layer, allowed]) => ({
  name: `layer-${layer}`,
  severity: 'error',
  comment: `${layer} may import only: ${allowed.join(', ') || '(nothing)'}`,
  from: { path: `^emulator/${layer}/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: '^(emulator|kernel|firmware|tests|scripts)/',
    pathNot: `^emulator/(${[layer, ...allowed].join('|')})/`,
  },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'host-io-only-in-cli',
      severity: 'error',
      comment: 'files, the console and packages belong to emulator/cli and emulator/library',
      from: { path: '^emulator/', pathNot: '^emulator/(cli|library)/|\\.test\\.ts$' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'] },
    },
    {
      name: 'guest-code-is-sealed',
      severity: 'error',
      comment: 'the kernel knows nothing of the emulator',
      from: { path: '^kernel/src/' },
      to: { pathNot: '^kernel/src/' },
    },
    {
      name: 'firmware-is-sealed',
      severity: 'error',
      from: { path: '^firmware/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(emulator|kernel|tests|scripts)/' },
    },
    {
      name: 'compiler-is-sealed',
      severity: 'error',
      comment: 'the compiler may know what x86 is (isa, base), nothing else of the emulator',
      from: { path: '^kernel/compiler/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(emulator|tests|scripts)/', pathNot: '^emulator/(isa|base)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
