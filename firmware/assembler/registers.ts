import { Register } from 'iced-x86';

type RegisterClass = 'r8' | 'r16' | 'r32' | 'segment' | 'control' | 'debug';

/** A register as the source names it. `id` is its number in the encoder's register list. */
export interface NamedRegister {
  readonly name: string;
  readonly class: RegisterClass;
  readonly id: Register;
}

const NAMES: Readonly<Record<RegisterClass, string>> = {
  r8: 'AL CL DL BL AH CH DH BH',
  r16: 'AX CX DX BX SP BP SI DI',
  r32: 'EAX ECX EDX EBX ESP EBP ESI EDI',
  segment: 'ES CS SS DS FS GS',
  control: 'CR0 CR2 CR3 CR4',
  debug: 'DR0 DR1 DR2 DR3 DR6 DR7',
};

const REGISTERS = new Map<string, NamedRegister>();
for (const [registerClass, names] of Object.entries(NAMES)) {
  for (const name of names.split(' ')) {
    const id = Register[name as keyof typeof Register];
    REGISTERS.set(name.toLowerCase(), {
      name: name.toLowerCase(),
      class: registerClass as RegisterClass,
      id,
    });
  }
}

/** The register of this name (any case), or undefined when it is none. */
export function registerNamed(name: string): NamedRegister | undefined {
  return REGISTERS.get(name.toLowerCase());
}
