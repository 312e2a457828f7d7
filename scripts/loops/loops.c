/*
 * Loops as allocators and kernels have them, for the core model: the same machine code runs on a processor and in a guest.
 *
 * No library, no vectors (kernels are compiled so), one binary at a fixed address that begins with its own table. A loop
 * is prepared outside the measurement and returns a value that depends on all it did; ROUNDS passes make the start and
 * the end of no account. `memory` is 4 MiB of zeroed memory at a fixed address.
 *
 * Build: loops/native-half.ts says how; tests/timing/loops.json has the result.
 */
#include <stdint.h>

#define KIB 1024ul
#define ROUNDS 64

struct node {
  struct node *next;
  uint64_t key;
  struct node *left, *right;
  uint64_t fill[4];
};
_Static_assert(sizeof(struct node) == 64, "a node is a line");

static uint64_t state;

static uint64_t draw(uint64_t below) {
  state = state * 6364136223846793005ul + 1442695040888963407ul;
  return (state >> 33) % below;
}

static void fill(uint64_t *words, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) words[i] = draw(1ul << 30) << 32 | draw(1ul << 30);
}

/* A bitmap of frames of which few are free: the first free one, again and again. */
static void prepare_bitmap(uint8_t *memory) {
  uint64_t *words = (uint64_t *)memory;
  for (uint64_t i = 0; i < 512; i++) words[i] = ~0ul;
  for (uint64_t i = 0; i < 100; i++) words[draw(512)] &= ~(1ul << draw(64));
}
static uint64_t bitmap(uint8_t *memory) {
  uint64_t sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t *words = (uint64_t *)memory;
    for (uint64_t i = 0; i < 512; i++) {
      if (words[i] != ~0ul) sum += i * 64 + (uint64_t)__builtin_ctzl(~words[i]);
    }
  }
  return sum;
}

/* A list through all lines of some kibibytes, in random order. */
static void prepare_list(uint8_t *memory, uint64_t count) {
  struct node *nodes = (struct node *)memory;
  uint32_t *order = (uint32_t *)(memory + 3 * KIB * KIB);
  for (uint64_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  for (uint64_t left = count - 1; left > 0; left--) {
    uint64_t other = draw(left);
    uint32_t held = order[left];
    order[left] = order[other];
    order[other] = held;
  }
  for (uint64_t i = 0; i < count; i++) nodes[i].next = &nodes[order[i]];
}
static uint64_t walk(uint8_t *memory, uint64_t steps) {
  struct node *node = (struct node *)memory;
  for (uint64_t i = 0; i < steps; i++) node = node->next;
  return (uint64_t)node;
}
static void prepare_list_near(uint8_t *memory) { prepare_list(memory, 16 * KIB / 64); }
static uint64_t list_near(uint8_t *memory) { return walk(memory, 100 * 256); }
static void prepare_list_far(uint8_t *memory) { prepare_list(memory, KIB * KIB / 64); }
static uint64_t list_far(uint8_t *memory) { return walk(memory, 2 * 16384); }

/* Eight bytes after the other: set, copied, added. The compiler must not make a call or a string instruction of them. */
static void prepare_words(uint8_t *memory) { fill((uint64_t *)memory, 4 * KIB); }
static uint64_t set(uint8_t *memory) {
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t *words = (uint64_t *)memory;
    for (uint64_t i = 0; i < 2 * KIB; i++) words[i] = (uint64_t)round;
  }
  return *(uint64_t *)(memory + 16 * KIB - 8);
}
static uint64_t copy(uint8_t *memory) {
  uint64_t *from = (uint64_t *)memory, *to = (uint64_t *)(memory + 12 * KIB);
  for (int round = 0; round < ROUNDS; round++) {
    for (uint64_t i = 0; i < KIB; i++) to[i] = from[i];
  }
  return to[KIB - 1];
}
static uint64_t checksum(uint8_t *memory) {
  uint64_t sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t *words = (uint64_t *)memory;
    for (uint64_t i = 0; i < 2 * KIB; i++) sum += words[i];
  }
  return sum;
}

/* FNV-1a over bytes: a chain of multiplications. */
static uint64_t hash(uint8_t *memory) {
  uint64_t value = 0xcbf29ce484222325ul;
  for (uint64_t i = 0; i < 32 * KIB; i++) value = (value ^ memory[i]) * 0x100000001b3ul;
  return value;
}

/* 512 numbers, sorted with Shell's method; drawn anew each time. */
static uint64_t sort(uint8_t *memory) {
  uint32_t *numbers = (uint32_t *)memory;
  uint64_t sum = 0;
  for (int round = 0; round < 8; round++) {
    state = (uint64_t)round;
    for (uint64_t i = 0; i < 512; i++) numbers[i] = (uint32_t)draw(1ul << 30);
    for (uint64_t gap = 301; gap > 0; gap = gap * 4 / 9) {
      for (uint64_t i = gap; i < 512; i++) {
        uint32_t held = numbers[i];
        uint64_t at = i;
        for (; at >= gap && numbers[at - gap] > held; at -= gap) numbers[at] = numbers[at - gap];
        numbers[at] = held;
      }
    }
    sum += numbers[255];
  }
  return sum;
}

/* A search tree of 255 nodes with random keys, and random keys that are looked for in it. */
static void prepare_tree(uint8_t *memory) {
  struct node *nodes = (struct node *)memory;
  for (uint64_t i = 0; i < 255; i++) {
    nodes[i].key = draw(1024);
    struct node **link = &nodes[0].left;
    struct node *at = i == 0 ? 0 : &nodes[0];
    while (at != 0) {
      link = nodes[i].key < at->key ? &at->left : &at->right;
      at = *link;
    }
    if (i > 0) *link = &nodes[i];
  }
}
static uint64_t tree(uint8_t *memory) {
  uint64_t found = 0;
  state = 5;
  for (int search = 0; search < 4000; search++) {
    uint64_t key = draw(1024);
    struct node *at = (struct node *)memory;
    while (at != 0 && at->key != key) at = key < at->key ? at->left : at->right;
    if (at != 0) found += (uint64_t)at;
  }
  return found;
}

/* A sorted table of 1024 numbers, halved until the place is found. */
static void prepare_table(uint8_t *memory) {
  for (uint64_t i = 0; i < KIB; i++) ((uint64_t *)memory)[i] = 7 * i;
}
static uint64_t binary_search(uint8_t *memory) {
  uint64_t *table = (uint64_t *)memory, sum = 0;
  state = 3;
  for (int search = 0; search < 4000; search++) {
    uint64_t key = draw(7 * KIB), low = 0, high = KIB;
    while (low < high) {
      uint64_t middle = (low + high) / 2;
      if (table[middle] < key) low = middle + 1;
      else high = middle;
    }
    sum += low;
  }
  return sum;
}

/* A free list: eight blocks taken, eight given back in another order. */
static uint64_t free_list(uint8_t *memory) {
  struct node *nodes = (struct node *)memory, *first = 0;
  for (int i = 0; i < 64; i++) {
    nodes[i].next = first;
    first = &nodes[i];
  }
  struct node *taken[8];
  for (int round = 0; round < 4000; round++) {
    for (int i = 0; i < 8; i++) {
      taken[i] = first;
      first = first->next;
    }
    for (int i = 0; i < 8; i++) {
      struct node *block = taken[i ^ (round & 7)];
      block->key = (uint64_t)round;
      block->next = first;
      first = block;
    }
  }
  return (uint64_t)first;
}

/* The number of each set bit of random words. */
static uint64_t bit_scan(uint8_t *memory) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 2 * KIB; i++) {
    for (uint64_t word = ((uint64_t *)memory)[i]; word != 0; word &= word - 1) {
      sum = sum * 3 + (uint64_t)__builtin_ctzl(word);
    }
  }
  return sum;
}

/* Pairs of strings that differ in their last byte, or earlier. */
static void prepare_strings(uint8_t *memory) {
  for (uint64_t pair = 0; pair < 64; pair++) {
    uint8_t *string = memory + pair * 128;
    for (uint64_t i = 0; i < 48; i++) string[i] = string[64 + i] = (uint8_t)(1 + draw(255));
    string[64 + draw(48)] ^= 0x80;
  }
}
static uint64_t string_compare(uint8_t *memory) {
  uint64_t sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    for (uint64_t pair = 0; pair < 64; pair++) {
      uint8_t *left = memory + pair * 128, *right = left + 64;
      while (*left != 0 && *left == *right) left++, right++;
      sum = sum * 3 + (uint64_t)(*left - *right);
    }
  }
  return sum;
}

static void nothing(uint8_t *memory) { (void)memory; }

/* What the binary begins with; the last entry is zero. */
__attribute__((used, section(".table"))) const struct {
  void (*prepare)(uint8_t *);
  uint64_t (*loop)(uint8_t *);
} TABLE[] = {
    {prepare_bitmap, bitmap},  {prepare_list_near, list_near}, {prepare_list_far, list_far},
    {prepare_words, set},      {prepare_words, copy},          {prepare_words, checksum},
    {prepare_words, hash},     {nothing, sort},                {prepare_tree, tree},
    {prepare_table, binary_search}, {nothing, free_list},      {prepare_words, bit_scan},
    {prepare_strings, string_compare}, {0, 0},
};
