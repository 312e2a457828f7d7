/*
 * Runs functions of a compiled image on the host's own x86-64 processor.
 *
 *   native-harness IMAGE BASE SIZE    IMAGE is loaded at address BASE, in SIZE bytes of memory
 *
 * Standard input, one command a line (numbers in hexadecimal):
 *   call ADDRESS A0 A1 A2 A3 A4 A5 A6 A7    prints RAX, "trap" after SIGILL, or what went wrong
 *   hash ADDRESS SIZE                       prints the FNV-1a hash of memory
 *
 * Checked at each call: RBX, RBP, R12 to R15 and RSP survive, and the direction flag is clear.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static sigjmp_buf on_signal;

static void handle(int signal_number) { siglongjmp(on_signal, signal_number); }

/* uint64_t call_checked(uint64_t address, const uint64_t arguments[8], uint64_t *broken) */
__asm__(
    ".intel_syntax noprefix\n"
    ".globl call_checked\n"
    "call_checked:\n"
    "  push rbx\n  push rbp\n  push r12\n  push r13\n  push r14\n  push r15\n"
    "  push rdx\n"
    "  mov rax, rdi\n"
    "  mov r10, rsi\n"
    "  mov rbx, 0x1111111111111111\n"
    "  mov rbp, 0x2222222222222222\n"
    "  mov r12, 0x3333333333333333\n"
    "  mov r13, 0x4444444444444444\n"
    "  mov r14, 0x5555555555555555\n"
    "  mov r15, rsp\n"
    "  push [r10+56]\n  push [r10+48]\n"
    "  mov rdi, [r10]\n  mov rsi, [r10+8]\n  mov rdx, [r10+16]\n"
    "  mov rcx, [r10+24]\n  mov r8, [r10+32]\n  mov r9, [r10+40]\n"
    "  call rax\n"
    "  add rsp, 16\n"
    "  xor ecx, ecx\n"
    "  mov rdx, 0x1111111111111111\n  cmp rbx, rdx\n  jne 1f\n"
    "  mov rdx, 0x2222222222222222\n  cmp rbp, rdx\n  jne 1f\n"
    "  mov rdx, 0x3333333333333333\n  cmp r12, rdx\n  jne 1f\n"
    "  mov rdx, 0x4444444444444444\n  cmp r13, rdx\n  jne 1f\n"
    "  mov rdx, 0x5555555555555555\n  cmp r14, rdx\n  jne 1f\n"
    "  cmp r15, rsp\n  jne 1f\n"
    "  pushfq\n  pop rdx\n  bt rdx, 10\n  jc 1f\n"
    "  jmp 2f\n"
    "1: mov ecx, 1\n"
    "2: cld\n"
    "  pop rdx\n"
    "  mov [rdx], rcx\n"
    "  pop r15\n  pop r14\n  pop r13\n  pop r12\n  pop rbp\n  pop rbx\n"
    "  ret\n"
    ".att_syntax\n");
uint64_t call_checked(uint64_t address, const uint64_t *arguments, uint64_t *broken);

static void call(char *line) {
  uint64_t address, arguments[8] = {0}, broken = 0;
  char *rest;
  address = strtoull(line, &rest, 16);
  for (int i = 0; i < 8; i++) arguments[i] = strtoull(rest, &rest, 16);
  int signal_number = sigsetjmp(on_signal, 1);
  if (signal_number == 0) {
    uint64_t result = call_checked(address, arguments, &broken);
    if (broken) printf("broken calling convention\n");
    else printf("%016" PRIx64 "\n", result);
  } else {
    __asm__ volatile("cld");
    if (signal_number == SIGILL) printf("trap\n");
    else printf("signal %d\n", signal_number);
  }
  fflush(stdout);
}

static void hash(char *line) {
  char *rest;
  const unsigned char *at = (const unsigned char *)strtoull(line, &rest, 16);
  uint64_t size = strtoull(rest, NULL, 16), value = 0xcbf29ce484222325u;
  for (uint64_t i = 0; i < size; i++) value = (value ^ at[i]) * 0x100000001b3u;
  printf("%016" PRIx64 "\n", value);
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  uint64_t base = strtoull(arguments[2], NULL, 16), size = strtoull(arguments[3], NULL, 16);
  char *memory = mmap((void *)base, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (memory != (char *)base) return 3;
  FILE *image = fopen(arguments[1], "rb");
  if (image == NULL || fread(memory, 1, size, image) == 0) return 4;
  fclose(image);
  struct sigaction action = {.sa_handler = handle};
  const int caught[] = {SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGALRM, SIGTRAP};
  for (unsigned i = 0; i < sizeof caught / sizeof *caught; i++) sigaction(caught[i], &action, NULL);
  char line[1024];
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (strncmp(line, "call ", 5) == 0) call(line + 5);
    else if (strncmp(line, "hash ", 5) == 0) hash(line + 5);
  }
  return 0;
}
