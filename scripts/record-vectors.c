/*
 * Runs instructions on the processor of the machine it is started on, one at a time, and reports what they did.
 *
 * stdin: records `struct request`, stdout: one `struct reply` for each, both as they lie in memory (x86-64, so
 * little-endian). The addresses are those of scripts/vectors/layout.ts.
 *
 * There is no trampoline: a signal frame holds the whole user-visible state, so the handler of one case's ending
 * trap writes the next case's state into its own frame and returns into it. A case ends by an INT3 (the code pages
 * are full of them) or by its own fault.
 *
 * Build: gcc -O2 -Wall -o record-vectors record-vectors.c
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#define CODE_BASE 0x20000000ul
#define CODE_BYTES 0x2000ul
#define DATA_BASE 0x10000000ul
#define DATA_BYTES 0x2000ul
#define READ_ONLY_BASE 0x10010000ul
#define READ_ONLY_BYTES 0x1000ul
#define GS_BASE 0x08000000ul
#define IMAGE_BYTES 384
#define RFLAGS_NT 0x4000ul
#define RFLAGS_ID 0x200000ul

struct request {
  uint32_t code_offset, length;
  uint8_t bytes[16];
  uint64_t registers[16]; /* RAX RCX RDX RBX RSP RBP RSI RDI R8-R15 */
  uint64_t rflags;
  uint8_t xmm[16][16];
  uint32_t mxcsr, padding;
  uint64_t mmx[8];
  uint16_t heads[8]; /* sign and exponent of ST(0) to ST(7) */
  uint16_t fcw, fsw, tags_before, padding_x87;
  uint64_t pointers[2];
  uint8_t upper_halves[16][16]; /* of YMM0 to YMM15 */
  uint8_t image[IMAGE_BYTES];
};

struct reply {
  uint32_t vector; /* 3: came to an INT3 behind the instruction; else the fault's vector */
  uint32_t error_code;
  uint64_t cr2, rip, rflags;
  uint64_t registers[16];
  uint8_t xmm[16][16];
  uint32_t mxcsr, tags;
  uint64_t mmx[8];
  uint16_t heads[8];
  uint16_t fcw, fsw, tags_16, fop;
  uint64_t fip, fdp;
  uint8_t upper_halves[16][16];
  uint8_t image[IMAGE_BYTES];
};

/* Where the signal frame says which parts of the XSAVE image hold state: XSTATE_BV behind the 512 bytes of FXSAVE. */
#define XSTATE_BV_OFFSET 512
#define XSTATE_X87_SSE_AVX 7ul
#define XSTATE_AVX 4ul
/* The component's place in the standard format of XSAVE. */
#define XSTATE_AVX_OFFSET 576

/* The parts of the data pages that make up the image; the rest is zero and must stay so. */
static const struct {
  uint32_t page_offset, image_offset, length;
} PARTS[] = {{0, 0, 64}, {0xf80, 64, 256}, {0x1fc0, 320, 64}};

static const int GREGS[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static struct request *requests;
static struct reply *replies;
static size_t request_count;
static volatile size_t next_case; /* the case that runs is next_case - 1 */
static uint8_t *const code = (uint8_t *)CODE_BASE;
static uint8_t *const data = (uint8_t *)DATA_BASE;
static uint8_t zeros[DATA_BYTES];

static void refuse(const char *reason, uint64_t value) {
  fprintf(stderr, "record-vectors: case %zu: %s 0x%lx; bytes", next_case - 1, reason, (unsigned long)value);
  for (uint32_t i = 0; next_case > 0 && i < requests[next_case - 1].length; i++)
    fprintf(stderr, " %02x", requests[next_case - 1].bytes[i]);
  fputc('\n', stderr);
  _exit(1);
}

static void collect(const ucontext_t *context) {
  const struct request *request = &requests[next_case - 1];
  struct reply *reply = &replies[next_case - 1];
  const greg_t *gregs = context->uc_mcontext.gregs;
  reply->vector = gregs[REG_TRAPNO];
  reply->error_code = reply->vector == 3 ? 0 : gregs[REG_ERR];
  reply->cr2 = reply->vector == 14 ? gregs[REG_CR2] : 0;
  reply->rip = gregs[REG_RIP] - (reply->vector == 3);
  reply->rflags = gregs[REG_EFL];
  for (int i = 0; i < 16; i++) reply->registers[i] = gregs[GREGS[i]];
  memcpy(reply->xmm, context->uc_mcontext.fpregs->_xmm, sizeof reply->xmm);
  const uint8_t *xstate = (const uint8_t *)context->uc_mcontext.fpregs;
  if (*(const uint64_t *)(xstate + XSTATE_BV_OFFSET) & XSTATE_AVX)
    memcpy(reply->upper_halves, xstate + XSTATE_AVX_OFFSET, sizeof reply->upper_halves);
  for (int i = 0; i < 8; i++) {
    memcpy(&reply->mmx[i], context->uc_mcontext.fpregs->_st[i].significand, sizeof(uint64_t));
    reply->heads[i] = context->uc_mcontext.fpregs->_st[i].exponent;
  }
  reply->fcw = context->uc_mcontext.fpregs->cwd;
  reply->fsw = context->uc_mcontext.fpregs->swd;
  reply->fop = context->uc_mcontext.fpregs->fop;
  reply->fip = context->uc_mcontext.fpregs->rip;
  reply->fdp = context->uc_mcontext.fpregs->rdp;
  reply->tags = context->uc_mcontext.fpregs->ftw & 0xff;
  reply->mxcsr = context->uc_mcontext.fpregs->mxcsr;
  for (size_t i = 0; i < 3; i++) {
    memcpy(reply->image + PARTS[i].image_offset, data + PARTS[i].page_offset, PARTS[i].length);
    memset(data + PARTS[i].page_offset, 0, PARTS[i].length);
  }
  if (memcmp(data, zeros, DATA_BYTES) != 0) refuse("wrote outside of the image, RIP", reply->rip);
  memset(code + request->code_offset, 0xcc, request->length);
}

static void load(ucontext_t *context) {
  const struct request *request = &requests[next_case++];
  const uint16_t null_selector = 0;
  greg_t *gregs = context->uc_mcontext.gregs;
  memcpy(code + request->code_offset, request->bytes, request->length);
  for (size_t i = 0; i < 3; i++)
    memcpy(data + PARTS[i].page_offset, request->image + PARTS[i].image_offset, PARTS[i].length);
  for (int i = 0; i < 16; i++) gregs[GREGS[i]] = request->registers[i];
  memcpy(context->uc_mcontext.fpregs->_xmm, request->xmm, sizeof request->xmm);
  for (int i = 0; i < 8; i++) {
    memcpy(context->uc_mcontext.fpregs->_st[i].significand, &request->mmx[i], sizeof(uint64_t));
    context->uc_mcontext.fpregs->_st[i].exponent = request->heads[i];
  }
  context->uc_mcontext.fpregs->cwd = request->fcw;
  context->uc_mcontext.fpregs->swd = request->fsw;
  context->uc_mcontext.fpregs->ftw = request->tags_before;
  context->uc_mcontext.fpregs->fop = 0;
  context->uc_mcontext.fpregs->rip = 0;
  context->uc_mcontext.fpregs->rdp = 0;
  memcpy((uint8_t *)context->uc_mcontext.fpregs + XSTATE_AVX_OFFSET, request->upper_halves,
         sizeof request->upper_halves);
  context->uc_mcontext.fpregs->mxcsr = request->mxcsr;
  *(uint64_t *)((uint8_t *)context->uc_mcontext.fpregs + XSTATE_BV_OFFSET) |= XSTATE_X87_SSE_AVX;
  gregs[REG_RIP] = CODE_BASE + request->code_offset;
  gregs[REG_EFL] = request->rflags;
  /* Neither is a part of the signal frame. */
  __asm__ volatile("movw %0, %%ds\n\tmovw %0, %%es" : : "r"(null_selector));
  /* The return from the handler keeps these as they are now, so POPF of one case would show in the next. */
  __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~(RFLAGS_NT | RFLAGS_ID));
}

static void on_trap(int signal_number, siginfo_t *info, void *frame) {
  ucontext_t *context = frame;
  (void)info;
  if (next_case > 0) {
    uint64_t rip = context->uc_mcontext.gregs[REG_RIP];
    if (signal_number == SIGALRM) refuse("does not end, RIP", rip);
    if (rip - CODE_BASE > CODE_BYTES) refuse("left the code pages, RIP", rip);
    collect(context);
  }
  if (next_case == request_count) {
    size_t written = fwrite(replies, sizeof *replies, request_count, stdout);
    fflush(stdout);
    _exit(written == request_count ? 0 : 1);
  }
  if (next_case % 1024 == 0) alarm(5);
  load(context);
}

static void map_pages(void) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  const int write = PROT_READ | PROT_WRITE;
  uint8_t *read_only = (uint8_t *)READ_ONLY_BASE;
  if (mmap(code, CODE_BYTES, write | PROT_EXEC, flags, -1, 0) != code ||
      mmap(data, DATA_BYTES, write, flags, -1, 0) != data ||
      mmap(read_only, READ_ONLY_BYTES, write, flags, -1, 0) != read_only) {
    perror("record-vectors: mmap");
    exit(1);
  }
  memset(code, 0xcc, CODE_BYTES);
  for (size_t i = 0; i < READ_ONLY_BYTES; i++) read_only[i] = i * 7 + 3;
  mprotect(read_only, READ_ONLY_BYTES, PROT_READ);
  syscall(SYS_arch_prctl, ARCH_SET_GS, GS_BASE);
}

static void read_requests(void) {
  size_t capacity = 1024;
  requests = malloc(capacity * sizeof *requests);
  while (fread(&requests[request_count], sizeof *requests, 1, stdin) == 1)
    if (++request_count == capacity) requests = realloc(requests, (capacity *= 2) * sizeof *requests);
  replies = calloc(request_count, sizeof *replies);
}

int main(void) {
  static uint8_t stack[1 << 16];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  const int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM};
  map_pages();
  read_requests();
  if (request_count == 0) return 0;
  sigaltstack(&alternate, NULL);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
  __asm__ volatile("int3");
  return 1; /* not reached: the handler leaves with _exit */
}
