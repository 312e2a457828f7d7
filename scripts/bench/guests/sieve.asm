; The sieve of Eratosthenes over 65536 bytes, then a count of the primes (6542).

%include "iterations.asm"
SIEVE                       equ 0x200000
LIMIT                       equ 65536
PRIMES_BELOW_256            equ 54
CROSSINGS                   equ 123950  ; sum over the primes p < 256 of ceil((LIMIT - p * p) / p)
INSTRUCTIONS_PER_ITERATION  equ 5 + 254 * 5 + PRIMES_BELOW_256 * 3 + CROSSINGS * 4 + 3 + (LIMIT - 2) * 5 + 2

%include "long-mode.asm"

workload:
    mov ebp, ITERATIONS
.iteration:
    xor eax, eax
    mov edi, SIEVE
    mov ecx, LIMIT / 4
    rep stosd
    mov ecx, 2
.candidate:
    cmp byte [ecx + SIEVE], 0
    jne .composite
    mov edx, ecx
    imul edx, ecx
    lea esi, [edx + SIEVE]      ; address of the multiple to cross out
.cross:
    mov byte [esi], 1
    add esi, ecx
    cmp esi, SIEVE + LIMIT
    jb .cross
.composite:
    add ecx, 1
    cmp ecx, 256
    jne .candidate

    xor ebx, ebx
    mov esi, SIEVE + 2
    mov edi, SIEVE + LIMIT
.count:
    cmp byte [esi], 1
    adc ebx, 0                  ; carry: the byte is 0, a prime
    add esi, 1
    cmp esi, edi
    jne .count
    sub ebp, 1
    jnz .iteration

    mov eax, ebx

%include "finish.asm"
