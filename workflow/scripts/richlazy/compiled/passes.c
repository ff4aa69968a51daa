/* Forward and backward pass and gradient of one rate network, as richlazy.models.backpropagation has them.

   Trials lie along the contiguous axis, GROUP of them together: one product of a weight with the rates of a unit is a
   few vector instructions, and a unit that is silent in all of them is left out, since it would add exact zeros. Every
   sum takes its terms one by one in their order, each with one fused multiply-add, so that neither the width of the
   vectors nor what is left out changes a byte.

   passes.h is included for each kind of vector and of number. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define GROUP 32      /* trials that lie together */
#define CHUNK 8       /* blocks whose products are summed before a sum is put aside, so that they stay in the cache */
#define STRIP_VECTORS 3
#define LONGEST_STRIP 48 /* columns, of the widest vectors */
#define SPARE_ROWS 8

/* Places of the nonlinearity, in the order of rate_network.RECTIFICATIONS. */
enum { AFTER_LEAK, INSIDE, LINEAR, TANH };

/* One network and its batch. A block is a step with a group of trials: block = step * groups + group. The layout is
   that of richlazy.compiled.backpropagation.Network. */
#define DEFINE_NETWORK(Network, Real)                                                                          \
  typedef struct {                                                                                             \
    int64_t size, inputs, outputs, steps, trials, groups; /* N, N_in, N_out, T, B, B / GROUP rounded up */      \
    int64_t first_loss_step, loss_rows, rectification, all_trained;                                            \
    int64_t input_row, input_column; /* strides of the input weights and of their gradient */                  \
    double leak_factor;                                                                                        \
    const Real *recurrent, *input, *readout; /* (N, N), (N, N_in) by its strides, (N_out, N) */                 \
    const Real *batch;                       /* inputs (blocks, N_in, GROUP), 0 beyond the trials */            \
    Real *states, *rates, *deltas;           /* (blocks, N, GROUP); states are rates unless INSIDE or TANH */   \
    Real *outputs_or_errors;                 /* (N_out, loss rows): outputs, which the loss makes errors */ \
    Real *errors;                            /* (blocks from the first loss step on, N_out, GROUP) */           \
    int32_t *active, *counts;                /* units that are not silent in a block (blocks, N); how many */   \
    Real *turned;                            /* (CHUNK, GROUP, LONGEST_STRIP) */                                \
    Real *sums;                              /* put aside, where there are more than CHUNK blocks */            \
    int32_t *order[2];                       /* units, with those beside each other that are busy together */   \
    uint8_t *busy[2];                        /* whether a unit is in the list of a block, (blocks, N) */        \
    uint64_t *keys;                          /* (N,) */                                                         \
  } Network;
DEFINE_NETWORK(network_float, float)
DEFINE_NETWORK(network_double, double)

#define PASTE2(a, b) a##_##b
#define PASTE3(a, b, c) a##_##b##_##c
#define EXPAND2(a, b) PASTE2(a, b)
#define EXPAND3(a, b, c) PASTE3(a, b, c)
#define NETWORK EXPAND2(network, REAL)
#define NAME(x) EXPAND3(x, REAL, VECTORS)

typedef struct {
  const char *name;
  int (*are_here)(void);
  void (*forward[2])(const void *);
  void (*backward[2])(const void *);
  void (*gradient[2])(const void *, void *, void *, void *, double, double);
} passes;

#define PASSES(v)                                                     \
  {#v, v##_are_here, {forward_float_##v, forward_double_##v}, {backward_float_##v, backward_double_##v}, \
   {gradient_float_##v, gradient_double_##v}}

#if defined(__x86_64__)
#define IN_VECTOR_REGISTER "v"
/* Registers for sums: 32 of 64 bytes, or 16 of 32 bytes, less a few for what is multiplied. */
#define VECTORS avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define BYTES 64
#define REGISTERS 24
#include "both_numbers.h"
#define VECTORS avx2
#define TARGET __attribute__((target("avx2,fma")))
#define BYTES 32
#define REGISTERS 12
#include "both_numbers.h"

static int avx512_are_here(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}
static int avx2_are_here(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static const passes KINDS[] = {PASSES(avx512), PASSES(avx2)};
#elif defined(__aarch64__)
#define IN_VECTOR_REGISTER "w"
#define VECTORS neon
#define TARGET
#define BYTES 16
#define REGISTERS 24
#include "both_numbers.h"
static int neon_are_here(void) { return 1; }
static const passes KINDS[] = {PASSES(neon)};
#else
#error "no vectors with fused multiply-add are known for this kind of processor"
#endif

/* Which of KINDS: the widest vectors that this processor has, or those of a name; -1 where there are none such. */
int passes_find(const char *name) {
  for (unsigned i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
    if ((!*name || !strcmp(name, KINDS[i].name)) && KINDS[i].are_here()) return (int)i;
  return -1;
}

const char *passes_name(int kind) { return KINDS[kind].name; }

int64_t passes_constant(int which) { return (int64_t[]){GROUP, CHUNK, LONGEST_STRIP, SPARE_ROWS}[which]; }

/* From weights and batch to states, rates and outputs. */
void passes_forward(int kind, int is_double, const void *network) { KINDS[kind].forward[is_double](network); }

/* From errors in place of the outputs to deltas. */
void passes_backward(int kind, int is_double, const void *network) { KINDS[kind].backward[is_double](network); }

/* Each matrix <- keep * matrix + factor * (its gradient, summed over trials and steps). */
void passes_gradient(int kind, int is_double, const void *network, void *recurrent, void *input, void *readout,
                     double factor, double keep) {
  KINDS[kind].gradient[is_double](network, recurrent, input, readout, factor, keep);
}
