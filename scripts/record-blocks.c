/*
 * Measures blocks of code on the processor of the machine it is started on: cycles of one copy.
 *
 * `record-blocks COPIES`: 0 for straight lines of copies, else loops of that many, which R15 counts. stdin: a line for each block,
 * in hexadecimal: its bytes, the eight bytes that fill memory, and RAX RCX RDX RBX RSP RBP RSI RDI R8 to R15. stdout: a line that
 * names the processor, then for each block `cycles N` or `refused REASON`. A block runs in a process of its own.
 *
 * Pages: where a block touches an address without memory, one physical page, the same for all, is mapped there (as BHive does).
 * Method: two lengths of the block, whose difference is free of what entry, exit and RDTSC take. Each run lies between two chains of
 * dependent additions, one cycle each, which say what a cycle is in ticks of the time-stamp counter; runs whose chains
 * differ by more than a hundredth are dropped; of the others the minima count, of the chains too. Two halves of the runs must agree.
 *
 * Build: gcc -O2 -Wall -o record-blocks record-blocks.c
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define CODE 0x4000000000ul
#define PAGE_BYTES 0x1000ul
#define CODE_BYTES 0x100000ul
#define SAVED_RSP 0x60000000ul /* below 2 GiB: an absolute disp32 reaches it */
#define ADDRESS_LIMIT 0x7ffffffff000ul
#define FTZ_DAZ 0x9fc0
#define BLOCK_BYTES_MAX 1024
#define REGISTERS 16
#define LOOP_REGISTER 15
#define LINE_BYTES 8192ul /* of the shorter straight line; the longer, three times that, fits an instruction cache of 32 KiB */
#define LINE_COPIES_MAX 2000
#define LOOP_COPIES_RUN 3000
#define CHAIN 2000
#define CHAIN_CYCLES (3.0 * CHAIN)
#define RUNS 25 /* of each half */
#define TRIES 1000
#define ROUNDS 8
#define CHAIN_TOLERANCE 0.01
#define HALVES_TOLERANCE 0.02
#define HALVES_CYCLES 0.02
#define SECONDS_MAX 5

struct block {
  uint8_t bytes[BLOCK_BYTES_MAX];
  size_t length;
  uint64_t memory, registers[REGISTERS];
};

struct length {
  void (*run)(void);
  double copies;
};

static int shared_page;
static uint64_t *data_page;
static int has_avx;

static void refuse(const char *reason) {
  printf("refused %s\n", reason);
  fflush(stdout);
  _exit(0);
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  (void)context;
  uint64_t page = (uint64_t)info->si_addr & -PAGE_BYTES;
  if (signal == SIGALRM) refuse("takes too long");
  if (signal == SIGILL) refuse("an invalid instruction");
  if (signal != SIGSEGV) refuse("an exception");
  int flags = MAP_SHARED | MAP_FIXED_NOREPLACE;
  /* A general protection, of a non-canonical or misaligned address, comes with address 0. */
  if (page == 0 || page >= ADDRESS_LIMIT) refuse("an address that cannot be mapped");
  void *mapped = mmap((void *)page, PAGE_BYTES, PROT_READ | PROT_WRITE, flags, shared_page, 0);
  if (mapped != (void *)page) refuse("an access that is not allowed");
}

static void catch_faults(void) {
  static uint8_t stack[0x10000];
  stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&other, NULL);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  int signals[] = {SIGSEGV, SIGILL, SIGFPE, SIGBUS, SIGTRAP, SIGALRM};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t count) {
  memcpy(at, bytes, count);
  return at + count;
}
#define PUT(at, ...) put(at, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static uint8_t *put_entry(uint8_t *at, const struct block *block, uint64_t iterations) {
  uint32_t saved = SAVED_RSP;
  at = PUT(at, 0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57); /* PUSH RBX, RBP, R12 to R15 */
  at = PUT(at, 0x6a, 2, 0x9d, 0xdb, 0xe3);                                  /* PUSH 2; POPFQ; FNINIT */
  at = put(PUT(at, 0x48, 0x89, 0x24, 0x25), &saved, 4);                     /* MOV [saved], RSP */
  if (has_avx) at = PUT(at, 0xc5, 0xfc, 0x77);                              /* VZEROALL */
  for (int i = 0; !has_avx && i < 16; i++) /* PXOR XMMi, XMMi */
    at = PUT(at, 0x66, 0x40 | (i >> 3) * 5, 0x0f, 0xef, 0xc0 | (i & 7) * 9);
  for (int i = 0; i < REGISTERS; i++) { /* MOV r64, imm64 */
    uint64_t value = i == LOOP_REGISTER && iterations != 0 ? iterations : block->registers[i];
    at = put(PUT(at, 0x48 | i >> 3, 0xb8 | (i & 7)), &value, 8);
  }
  return at;
}

static uint8_t *put_exit(uint8_t *at) {
  uint32_t saved = SAVED_RSP;
  at = put(PUT(at, 0x48, 0x8b, 0x24, 0x25), &saved, 4); /* MOV RSP, [saved] */
  at = PUT(at, 0xfc, 0xdb, 0xe3);                       /* CLD; FNINIT */
  if (has_avx) at = PUT(at, 0xc5, 0xf8, 0x77);          /* VZEROUPPER */
  at = PUT(at, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b);
  return PUT(at, 0xc3);
}

/* Copies begin at a page, in an area of CODE_BYTES of their own. 0 iterations: no loop. */
static void (*make_code(int area, const struct block *block, size_t copies, uint64_t iterations))(void) {
  uint8_t *body = (uint8_t *)CODE + area * CODE_BYTES + PAGE_BYTES;
  uint8_t *entry = body - (put_entry(body, block, iterations) - body);
  put_entry(entry, block, iterations);
  uint8_t *at = body;
  for (size_t i = 0; i < copies; i++) at = put(at, block->bytes, block->length);
  if (iterations != 0) { /* DEC R15; JNZ body */
    at = PUT(at, 0x49, 0xff, 0xcf, 0x0f, 0x85);
    int32_t distance = (int32_t)(body - (at + 4));
    at = put(at, &distance, 4);
  }
  put_exit(at);
  return (void (*)(void))entry;
}

static uint64_t now(void) {
  _mm_lfence();
  uint64_t ticks = __rdtsc();
  _mm_lfence();
  return ticks;
}

/* A loop as short as no instruction cache minds. */
static void additions(long count) {
  uint64_t value = 3, other = 5;
  for (long i = 0; i < count / 20; i++) __asm__ volatile(".rept 20\n add %1, %0\n .endr" : "+r"(value) : "r"(other));
}

/* Ticks of CHAIN_CYCLES cycles: here too two lengths. */
static double chain(void) {
  uint64_t start = now();
  additions(CHAIN);
  uint64_t middle = now();
  additions(4 * CHAIN);
  return (double)(now() - middle) - (double)(middle - start);
}

static double ticks_of(const struct length *length, uint64_t memory) {
  for (size_t i = 0; i < PAGE_BYTES / 8; i++) data_page[i] = memory;
  unsigned mxcsr = _mm_getcsr();
  _mm_setcsr(FTZ_DAZ);
  uint64_t start = now();
  length->run();
  double ticks = (double)(now() - start);
  _mm_setcsr(mxcsr);
  return ticks;
}

static double lesser(double one, double other) {
  return one < other ? one : other;
}

/* Cycles of a copy, NAN where the processor was never quiet. */
static double half(const struct length lengths[2], uint64_t memory) {
  double least[2] = {INFINITY, INFINITY}, least_chain = INFINITY;
  int kept = 0;
  for (int tries = 0; kept < RUNS && tries < TRIES; tries++) {
    double before = chain();
    double ticks[2] = {ticks_of(&lengths[0], memory), ticks_of(&lengths[1], memory)};
    double after = chain();
    if (fabs(before - after) > CHAIN_TOLERANCE * before) continue;
    kept++;
    least_chain = lesser(least_chain, lesser(before, after));
    for (int i = 0; i < 2; i++) least[i] = lesser(least[i], ticks[i]);
  }
  double ticks = (least[1] - least[0]) / (lengths[1].copies - lengths[0].copies);
  return kept < RUNS ? NAN : ticks * CHAIN_CYCLES / least_chain;
}

static void measure(const struct block *block, size_t copies) {
  struct length lengths[2];
  for (int i = 0; i < 2; i++) {
    size_t factor = i == 0 ? 1 : 3;
    size_t line = LINE_BYTES / block->length < LINE_COPIES_MAX ? LINE_BYTES / block->length : LINE_COPIES_MAX;
    uint64_t iterations = copies == 0 ? 0 : factor * (LOOP_COPIES_RUN / copies + 20);
    size_t count = copies == 0 ? factor * line : copies;
    lengths[i].run = make_code(i, block, count, iterations);
    lengths[i].copies = (double)count * (double)(iterations == 0 ? 1 : iterations);
  }
  for (int i = 0; i < 4; i++) ticks_of(&lengths[i & 1], block->memory);
  for (int round = 0; round < ROUNDS; round++) {
    double one = half(lengths, block->memory), other = half(lengths, block->memory);
    if (!(fabs(one - other) <= HALVES_CYCLES + HALVES_TOLERANCE * one) || one <= 0) continue;
    printf("cycles %.3f\n", (one + other) / 2);
    return;
  }
  refuse("no stable figure");
}

static int read_block(char *line, struct block *block) {
  char *field = strtok(line, " \n");
  if (field == NULL) return 0;
  block->length = strlen(field) / 2;
  if (block->length == 0 || block->length > BLOCK_BYTES_MAX) return 0;
  for (size_t i = 0; i < block->length; i++) {
    if (sscanf(field + 2 * i, "%2hhx", &block->bytes[i]) != 1) return 0;
  }
  for (int i = -1; i < REGISTERS; i++) {
    field = strtok(NULL, " \n");
    if (field == NULL) return 0;
    *(i < 0 ? &block->memory : &block->registers[i]) = strtoull(field, NULL, 16);
  }
  return 1;
}

static void *map(uint64_t address, size_t bytes, int protection, int file) {
  int flags = (file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED) | (address ? MAP_FIXED_NOREPLACE : 0);
  void *memory = mmap((void *)address, bytes, protection, flags, file, 0);
  if (memory == MAP_FAILED || (address != 0 && memory != (void *)address)) {
    perror("record-blocks: mmap");
    exit(1);
  }
  return memory;
}

static void print_processor(void) {
  unsigned a, b, c, d, leaf1;
  char vendor[13] = {0};
  __cpuid(1, leaf1, b, c, d);
  __cpuid(0, a, b, c, d);
  memcpy(vendor, &b, 4);
  memcpy(vendor + 4, &d, 4);
  memcpy(vendor + 8, &c, 4);
  unsigned family = leaf1 >> 8 & 15, model = leaf1 >> 4 & 15;
  if (family == 15 || family == 6) model |= leaf1 >> 12 & 0xf0;
  if (family == 15) family += leaf1 >> 20 & 0xff;
  printf("%s family %Xh model %Xh\n", vendor, family, model);
}

int main(int argc, char **argv) {
  char *line = NULL;
  size_t line_bytes = 0;
  size_t copies = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
  has_avx = __builtin_cpu_supports("avx");
  print_processor();
  while (getline(&line, &line_bytes, stdin) > 0) {
    struct block block;
    fflush(stdout);
    if (!read_block(line, &block) || copies * block.length > CODE_BYTES / 2) {
      printf("refused the block is too long\n");
      continue;
    }
    pid_t child = fork();
    if (child == 0) {
      shared_page = memfd_create("page", 0);
      if (shared_page < 0 || ftruncate(shared_page, PAGE_BYTES) != 0) refuse("no memory");
      data_page = map(0, PAGE_BYTES, PROT_READ | PROT_WRITE, shared_page);
      map(SAVED_RSP, PAGE_BYTES, PROT_READ | PROT_WRITE, -1);
      map(CODE, 2 * CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, -1);
      catch_faults();
      alarm(SECONDS_MAX);
      measure(&block, copies);
      fflush(stdout);
      _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) printf("refused the process was lost\n");
  }
  return 0;
}
