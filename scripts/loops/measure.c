/*
 * Runs the loops of loops.bin on this machine's processor: for each a line with its value and the cycles of the core clock.
 *
 * The time-stamp counter does not count those. So each run of a loop lies between two chains of dependent multiplications,
 * which take three cycles each on every processor of interest; runs whose two chains differ by more than a hundredth are
 * dropped (the frequency moved, or something else ran), and the median of the others is printed.
 *
 * Build: gcc -O2 -Wall -o measure measure.c; run: measure loops.bin
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <x86intrin.h>

#define CODE 0x10000000ul
#define CODE_BYTES 0x10000ul
#define DATA 0x4000000ul
#define DATA_BYTES 0x400000ul
#define CHAIN 4000
#define CHAIN_CYCLES (3.0 * CHAIN)
#define RUNS 41
#define TRIES 2000
#define TOLERANCE 0.01

struct entry {
  void (*prepare)(uint8_t *);
  uint64_t (*loop)(uint8_t *);
};

static void *at(uint64_t address, size_t bytes, int protection) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  void *memory = mmap((void *)address, bytes, protection, flags, -1, 0);
  if (memory != (void *)address) {
    fprintf(stderr, "measure: no memory at 0x%lx\n", (unsigned long)address);
    exit(1);
  }
  return memory;
}

static uint64_t now(void) {
  unsigned processor;
  _mm_lfence();
  uint64_t ticks = __rdtscp(&processor);
  _mm_lfence();
  return ticks;
}

static double chain(void) {
  uint64_t value = 3, start = now();
  for (int i = 0; i < CHAIN / 20; i++) {
    __asm__ volatile(".rept 20\n imul %0, %0\n .endr" : "+r"(value));
  }
  return (double)(now() - start);
}

static int ascending(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL) {
    fprintf(stderr, "usage: measure loops.bin\n");
    return 1;
  }
  uint8_t *code = at(CODE, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
  uint8_t *data = at(DATA, DATA_BYTES, PROT_READ | PROT_WRITE);
  size_t bytes = fread(code, 1, CODE_BYTES, file);
  madvise(data, DATA_BYTES, MADV_HUGEPAGE);
  uint8_t *image = malloc(bytes);
  memcpy(image, code, bytes);
  for (const struct entry *entry = (struct entry *)code; entry->loop != NULL; entry++) {
    double cycles[RUNS];
    uint64_t value = 0;
    int kept = 0;
    for (int tries = 0; kept < RUNS && tries < TRIES; tries++) {
      memcpy(code, image, bytes);
      memset(data, 0, DATA_BYTES);
      entry->prepare(data);
      entry->loop(data);
      double before = chain();
      uint64_t start = now();
      value = entry->loop(data);
      double ticks = (double)(now() - start), after = chain();
      if (before > after * (1 + TOLERANCE) || after > before * (1 + TOLERANCE)) continue;
      cycles[kept++] = ticks * 2 * CHAIN_CYCLES / (before + after);
    }
    qsort(cycles, (size_t)kept, sizeof *cycles, ascending);
    printf("%lx %.0f\n", (unsigned long)value, kept == 0 ? 0 : cycles[kept / 2]);
  }
  return 0;
}
