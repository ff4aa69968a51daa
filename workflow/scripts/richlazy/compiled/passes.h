/* The passes for one kind of number, REAL (and INTEGER of its size), and one kind of vector: VECTORS, its name, TARGET,
   BYTES, and REGISTERS for sums. */
#define VECTOR NAME(vector)
#define MASK NAME(mask)
typedef REAL VECTOR __attribute__((vector_size(BYTES), aligned(sizeof(REAL)), may_alias));
typedef INTEGER MASK __attribute__((vector_size(BYTES), may_alias));
#define LANES ((int)(BYTES / sizeof(REAL)))
#define ALL (GROUP / LANES) /* vectors of a group of trials */
/* Tiles of sums in registers: UNITS for a group of trials, and in the gradient ROWS of a STRIP of columns. */
#define UNITS (REGISTERS * 2 / 3 / ALL > 0 ? REGISTERS * 2 / 3 / ALL : 1)
#define ROWS (REGISTERS / STRIP_VECTORS)
#define STRIP (STRIP_VECTORS * LANES)
#define INLINE static TARGET inline __attribute__((always_inline))
#define WHERE(mask, v) ((VECTOR)((MASK)(v) & (mask)))
#define EITHER(mask, a, b) ((VECTOR)(((MASK)(a) & (mask)) | ((MASK)(b) & ~(mask))))

INLINE VECTOR NAME(load)(const REAL *from) { return *(const VECTOR *)from; }
INLINE void NAME(store)(REAL *to, VECTOR v) { *(VECTOR *)to = v; }
/* A product that the compiler must round before it is added: which of two products an instruction would fuse is open. */
INLINE VECTOR NAME(rounded)(VECTOR v) {
  __asm__("" : "+" IN_VECTOR_REGISTER (v));
  return v;
}

/* Of a state that is no number, none: a network that diverges must not seem to be silent. */
INLINE VECTOR NAME(rectified)(VECTOR state) { return WHERE(~(state < 0), state); }

#ifdef TANH_OF_ONE
INLINE VECTOR NAME(tanh_of)(VECTOR x) {
  for (int l = 0; l < LANES; l++) x[l] = TANH_OF_ONE(x[l]);
  return x;
}
#else
/* A polynomial near 0; elsewhere (1 - e) / (1 + e) with e = exp(-2 |x|), of which the power of 2 has a polynomial too.
   Coefficients are minimax fits of the relative error. */
INLINE VECTOR NAME(tanh_of)(VECTOR x) {
  const VECTOR zero = {0};
  const MASK sign = (MASK)x & INT32_MIN;
  const VECTOR size = (VECTOR)((MASK)x ^ sign), square = size * size;
  VECTOR p = zero - 0.005704985f;
  p = p * square + 0.020639086f;
  p = p * square - 0.053739715f;
  p = p * square + 0.13331442f;
  p = p * square - 0.33333281f;
  const VECTOR near = size + size * square * p;
  const VECTOR limited = EITHER(size > 10.0f, zero + 10.0f, size); /* where tanh is 1 */
  const VECTOR power = limited * -2.8853901f;
  const VECTOR shifted = power + 12582912.0f; /* whose last bits are the nearest whole number */
  const VECTOR rest = power - (shifted - 12582912.0f);
  VECTOR e = zero + 0.00015353362f;
  e = e * rest + 0.0013398875f;
  e = e * rest + 0.0096184369f;
  e = e * rest + 0.055503324f;
  e = e * rest + 0.24022648f;
  e = e * rest + 0.69314718f;
  e = e * rest + 1.0f;
  e = (VECTOR)((MASK)e + (((MASK)shifted - 0x4b400000) << 23));
  return (VECTOR)((MASK)EITHER(size < 0.625f, near, (1 - e) / (1 + e)) | sign);
}
#endif

/* LANES rows of a matrix, `apart` numbers from each other, to its columns, `between` from each other. */
INLINE void NAME(transpose)(const REAL *from, int64_t apart, REAL *to, int64_t between) {
#ifdef __clang__
  for (int i = 0; i < LANES; i++)
    for (int l = 0; l < LANES; l++) to[l * between + i] = from[i * apart + l];
#else
  VECTOR v[LANES];
  for (int i = 0; i < LANES; i++) v[i] = NAME(load)(from + i * apart);
#pragma GCC unroll 4
  for (int distance = LANES / 2; distance; distance /= 2) { /* squares of this size change places */
    MASK low, high;
    for (int l = 0; l < LANES; l++) {
      low[l] = l & distance ? LANES + (l ^ distance) : l;
      high[l] = l & distance ? LANES + l : l ^ distance;
    }
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++)
      if (!(i & distance)) {
        const VECTOR a = v[i], b = v[i | distance];
        v[i] = __builtin_shuffle(a, b, low), v[i | distance] = __builtin_shuffle(a, b, high);
      }
  }
  for (int i = 0; i < LANES; i++) NAME(store)(to + i * between, v[i]);
#endif
}

/* sums[u] += weights[u][k * step] * trials[k] for each k of a list, or without one for k = 0 to count - 1. */
INLINE void NAME(add)(VECTOR sums[UNITS][ALL], int vectors, const REAL *const weights[UNITS], int64_t step,
                      const REAL *trials, const int32_t *list, int64_t count) {
  for (int64_t place = 0; place < count; place++) {
    const int64_t k = list ? list[place] : place;
    VECTOR these[ALL];
    for (int v = 0; v < vectors; v++) these[v] = NAME(load)(trials + k * GROUP + v * LANES);
    for (int u = 0; u < UNITS; u++) {
      const REAL weight = weights[u][k * step];
      for (int v = 0; v < vectors; v++) sums[u][v] += weight * these[v];
    }
  }
}

/* Units that are not silent in a block; how many. */
static TARGET int32_t NAME(list_active)(const REAL *rates, int64_t size, int32_t *list) {
  int32_t count = 0;
  for (int64_t i = 0; i < size; i++) {
    MASK any = {0};
    for (int v = 0; v < ALL; v++) any |= NAME(load)(rates + i * GROUP + v * LANES) != 0;
    INTEGER one = 0;
    for (int l = 0; l < LANES; l++) one |= any[l];
    list[count] = (int32_t)i;
    count += one != 0;
  }
  return count;
}

INLINE void NAME(forward_block)(const NETWORK *net, int64_t block, int vectors) {
  const int64_t size = net->size, groups = net->groups, numbers = size * GROUP, earlier = block - groups;
  const REAL rho = net->leak_factor, fresh = 1 - rho;
  REAL *states = net->states + block * numbers, *rates = net->rates + block * numbers;
  for (int64_t first = 0; first < size; first += UNITS) {
    VECTOR sums[UNITS][ALL] = {{{0}}};
    const REAL *recurrent[UNITS], *input[UNITS];
    for (int u = 0; u < UNITS; u++) {
      const int64_t unit = first + u < size ? first + u : size - 1;
      recurrent[u] = net->recurrent + unit * size, input[u] = net->input + unit * net->input_row;
    }
    NAME(add)(sums, vectors, input, net->input_column, net->batch + block * net->inputs * GROUP, NULL, net->inputs);
    if (earlier >= 0)
      NAME(add)(sums, vectors, recurrent, 1, rates - groups * numbers, net->active + earlier * size, net->counts[earlier]);
    for (int u = 0; u < UNITS && first + u < size; u++)
      for (int v = 0; v < vectors; v++) {
        const int64_t at = (first + u) * GROUP + v * LANES;
        VECTOR state = NAME(rounded)(fresh * sums[u][v]);
        if (earlier >= 0 && rho != 0) state += rho * NAME(load)(states - groups * numbers + at);
        if (net->rectification == AFTER_LEAK) state = NAME(rectified)(state);
        NAME(store)(states + at, state);
        if (net->rectification == INSIDE) NAME(store)(rates + at, NAME(rectified)(state));
        if (net->rectification == TANH) NAME(store)(rates + at, NAME(tanh_of)(state));
      }
  }
  int32_t *active = net->active + block * size;
  if (net->rectification <= INSIDE) {
    net->counts[block] = NAME(list_active)(rates, size, active);
  } else {
    for (int64_t i = 0; i < size; i++) active[i] = (int32_t)i;
    net->counts[block] = (int32_t)size;
  }
  const int64_t row = (block / groups - net->first_loss_step) * net->trials + block % groups * GROUP;
  if (block / groups < net->first_loss_step) return;
  for (int64_t first = 0; first < net->outputs; first += UNITS) {
    VECTOR sums[UNITS][ALL] = {{{0}}};
    const REAL *readout[UNITS];
    for (int u = 0; u < UNITS; u++)
      readout[u] = net->readout + (first + u < net->outputs ? first + u : net->outputs - 1) * size;
    NAME(add)(sums, vectors, readout, 1, rates, active, net->counts[block]);
    for (int u = 0; u < UNITS && first + u < net->outputs; u++) {
      REAL trials[GROUP];
      for (int v = 0; v < vectors; v++) NAME(store)(trials + v * LANES, sums[u][v]);
      for (int64_t b = 0; b < GROUP && block % groups * GROUP + b < net->trials; b++)
        net->outputs_or_errors[(first + u) * net->loss_rows + row + b] = trials[b];
    }
  }
}

/* Whether a state leaks past the nonlinearity of its unit, which carries its delta on where it is silent. */
INLINE int NAME(leaks_past)(const NETWORK *net) { return net->rectification == INSIDE && net->leak_factor != 0; }

INLINE void NAME(backward_block)(const NETWORK *net, int64_t block, int vectors) {
  const int64_t size = net->size, groups = net->groups, numbers = size * GROUP, later = block + groups;
  const int64_t loss_block = block - net->first_loss_step * groups;
  const int has_later = later < net->steps * groups, has_error = loss_block >= 0;
  const REAL rho = net->leak_factor, fresh = 1 - rho;
  const REAL *rates = net->rates + block * numbers;
  REAL *deltas = net->deltas + block * numbers, *errors = net->errors + loss_block * net->outputs * GROUP;
  const REAL *later_deltas = deltas + groups * numbers;
  const int32_t *active = net->active + block * size;
  const int64_t count = net->counts[block];
  const int dense = NAME(leaks_past)(net);
  if (has_error)
    for (int64_t k = 0; k < net->outputs; k++)
      for (int64_t b = 0; b < GROUP; b++) {
        const int64_t trial = block % groups * GROUP + b;
        const REAL *row = net->outputs_or_errors + k * net->loss_rows + loss_block / groups * net->trials;
        errors[k * GROUP + b] = trial < net->trials ? row[trial] : 0;
      }
  if (count < size) memset(deltas, 0, numbers * sizeof(REAL));
  for (int64_t first = 0; first < count; first += UNITS) {
    VECTOR sums[UNITS][ALL] = {{{0}}};
    const REAL *recurrent[UNITS], *readout[UNITS];
    int64_t unit[UNITS];
    for (int u = 0; u < UNITS; u++) {
      unit[u] = active[first + u < count ? first + u : count - 1];
      recurrent[u] = net->recurrent + unit[u], readout[u] = net->readout + unit[u];
    }
    if (has_later) {
      const int32_t *list = dense ? NULL : net->active + later * size;
      NAME(add)(sums, vectors, recurrent, size, later_deltas, list, dense ? size : net->counts[later]);
      for (int u = 0; u < UNITS; u++)
        for (int v = 0; v < vectors; v++) sums[u][v] = NAME(rounded)(fresh * sums[u][v]);
    }
    if (has_error) NAME(add)(sums, vectors, readout, size, errors, NULL, net->outputs);
    for (int u = 0; u < UNITS && first + u < count; u++)
      for (int v = 0; v < vectors; v++) {
        const int64_t at = unit[u] * GROUP + v * LANES;
        const VECTOR rate = NAME(load)(rates + at);
        VECTOR delta = sums[u][v], leaked = {0};
        if (has_later && rho != 0) leaked = NAME(rounded)(rho * NAME(load)(later_deltas + at));
        if (net->rectification == AFTER_LEAK) delta += leaked;
        if (net->rectification <= INSIDE) delta = WHERE(~(rate <= 0), delta);
        if (net->rectification == TANH) delta *= 1 - rate * rate;
        if (net->rectification != AFTER_LEAK) delta += leaked;
        NAME(store)(deltas + at, delta);
      }
  }
  if (!dense || !has_later) return;
  for (int64_t i = 0, place = 0; i < size; i++) {
    if (place < count && active[place] == i) {
      place++;
      continue;
    }
    for (int64_t at = i * GROUP; at < i * GROUP + vectors * LANES; at += LANES)
      NAME(store)(deltas + at, rho * NAME(load)(later_deltas + at));
  }
}

/* Groups of trials know nothing of each other: each goes through all its steps, with what it reads still in the cache. */
TARGET static void NAME(forward)(const void *network) {
  const NETWORK *net = network;
  for (int64_t group = 0; group < net->groups; group++)
    for (int64_t step = 0; step < net->steps; step++)
      if (net->trials - group * GROUP <= LANES)
        NAME(forward_block)(net, step * net->groups + group, 1);
      else
        NAME(forward_block)(net, step * net->groups + group, ALL);
}

TARGET static void NAME(backward)(const void *network) {
  const NETWORK *net = network;
  for (int64_t group = 0; group < net->groups; group++)
    for (int64_t step = net->steps - 1; step >= 0; step--)
      if (net->trials - group * GROUP <= LANES)
        NAME(backward_block)(net, step * net->groups + group, 1);
      else
        NAME(backward_block)(net, step * net->groups + group, ALL);
}

/* One side of a sum of products over blocks: numbers (blocks, rows, GROUP). Rows may be taken in another order, and
   left out of the blocks in which they are not busy. */
typedef struct {
  const REAL *numbers;
  int64_t rows;
  const int32_t *order;
  const uint8_t *busy;
} NAME(side);

INLINE int64_t NAME(row)(NAME(side) side, int64_t place) {
  const int64_t inside = place < side.rows ? place : side.rows - 1;
  return side.order ? side.order[inside] : inside;
}

/* Trials of a block in which one of some rows is busy. */
INLINE int64_t NAME(trials_of)(const NETWORK *net, NAME(side) side, int64_t first, int64_t count, int64_t block) {
  const int64_t rest = net->trials - block % net->groups * GROUP;
  int any = !side.busy;
  for (int64_t place = first; place < first + count && !any; place++)
    any = side.busy[block * side.rows + NAME(row)(side, place)];
  return !any ? 0 : rest < GROUP ? rest : GROUP;
}

/* sums += the products of ROWS rows with a strip of columns that is turned, (blocks, GROUP, STRIP). */
INLINE void NAME(add_tile)(VECTOR sums[ROWS][STRIP_VECTORS], int vectors, NAME(side) left, const int64_t unit[ROWS],
                           const REAL *turned, const int64_t *trials, int64_t first_block, int64_t blocks) {
  for (int64_t block = 0; block < blocks; block++) {
    const REAL *rows[ROWS], *columns = turned + block * GROUP * STRIP;
    int any = !left.busy;
    for (int r = 0; r < ROWS; r++) {
      const int64_t place = (first_block + block) * left.rows + unit[r];
      if (left.busy) any |= left.busy[place];
      rows[r] = left.numbers + place * GROUP;
    }
    for (int64_t b = 0; any && b < trials[block]; b++, columns += STRIP) {
      VECTOR these[STRIP_VECTORS];
      for (int v = 0; v < vectors; v++) these[v] = NAME(load)(columns + v * LANES);
      for (int r = 0; r < ROWS; r++) {
        const REAL one = rows[r][b];
        for (int v = 0; v < vectors; v++) sums[r][v] += one * these[v];
      }
    }
  }
}

/* Turn a strip of columns of one block. */
INLINE void NAME(turn)(NAME(side) right, int64_t first, int vectors, int64_t block, REAL *to) {
  const REAL *rows = right.numbers + block * right.rows * GROUP;
  REAL gathered[LANES * GROUP];
  for (int v = 0; v < vectors; v++, first += LANES, to += LANES) {
    const REAL *from = rows + first * GROUP;
    if (right.order || first + LANES > right.rows) {
      from = gathered;
      for (int l = 0; l < LANES; l++)
        memcpy(gathered + l * GROUP, rows + NAME(row)(right, first + l) * GROUP, GROUP * sizeof(REAL));
    }
    for (int b = 0; b < GROUP; b += LANES) NAME(transpose)(from + b, GROUP, to + b * STRIP, STRIP);
  }
}

/* matrix[i, j] <- keep * matrix[i, j] + factor * sum over blocks and trials of left[i] right[j]. */
static TARGET void NAME(add_products)(const NETWORK *net, REAL *matrix, int64_t row, int64_t column, NAME(side) left,
                                      NAME(side) right, int64_t blocks, REAL factor, REAL keep) {
  for (int64_t first_block = 0; first_block < blocks; first_block += CHUNK) {
    const int64_t chunk = blocks - first_block < CHUNK ? blocks - first_block : CHUNK;
    const int last = first_block + chunk == blocks;
    for (int64_t strip = 0; strip < right.rows; strip += STRIP) {
      const int64_t width = right.rows - strip < STRIP ? right.rows - strip : STRIP;
      const int vectors = (int)((width + LANES - 1) / LANES);
      const int beside = width == STRIP && column == 1 && !right.order; /* columns in the matrix, as in the strip */
      int64_t trials[CHUNK];
      for (int64_t block = 0; block < chunk; block++) {
        trials[block] = NAME(trials_of)(net, right, strip, width, first_block + block);
        if (trials[block]) NAME(turn)(right, strip, vectors, first_block + block, net->turned + block * GROUP * STRIP);
      }
      for (int64_t first = 0; first < left.rows; first += ROWS) {
        VECTOR sums[ROWS][STRIP_VECTORS] = {{{0}}};
        REAL *aside = net->sums + (strip / STRIP * (left.rows + SPARE_ROWS) + first) * STRIP;
        int64_t unit[ROWS];
        for (int r = 0; r < ROWS; r++) unit[r] = NAME(row)(left, first + r);
        if (first_block)
          for (int r = 0; r < ROWS; r++)
            for (int v = 0; v < STRIP_VECTORS; v++) sums[r][v] = NAME(load)(aside + r * STRIP + v * LANES);
        if (vectors == 1)
          NAME(add_tile)(sums, 1, left, unit, net->turned, trials, first_block, chunk);
        else if (vectors == 2)
          NAME(add_tile)(sums, 2, left, unit, net->turned, trials, first_block, chunk);
        else
          NAME(add_tile)(sums, STRIP_VECTORS, left, unit, net->turned, trials, first_block, chunk);
        for (int r = 0; r < ROWS && !last; r++)
          for (int v = 0; v < STRIP_VECTORS; v++) NAME(store)(aside + r * STRIP + v * LANES, sums[r][v]);
        for (int r = 0; r < ROWS && last && first + r < left.rows; r++) {
          REAL *to = matrix + unit[r] * row;
          REAL added[STRIP];
          for (int v = 0; v < STRIP_VECTORS; v++) {
            const VECTOR scaled = NAME(rounded)(factor * sums[r][v]);
            REAL *these = to + strip + v * LANES;
            NAME(store)(added + v * LANES, scaled);
            if (beside) NAME(store)(these, keep * NAME(load)(these) + scaled);
          }
          for (int64_t j = 0; j < width && !beside; j++) {
            REAL *one = to + NAME(row)(right, strip + j) * column;
            *one = keep * *one + added[j];
          }
        }
      }
    }
  }
}

/* A side whose silent units are left out, those that are busy in the same blocks beside each other; unless more than a
   share of them is busy, which then costs less. */
static TARGET NAME(side) NAME(sparse)(const NETWORK *net, const REAL *numbers, int64_t first, int64_t blocks, int which,
                                      double most) {
  const int64_t size = net->size;
  const NAME(side) dense = {numbers, size, NULL, NULL};
  uint8_t *busy = net->busy[which];
  int32_t *order = net->order[which];
  uint64_t *keys = net->keys;
  int64_t total = 0;
  for (int64_t block = 0; block < blocks; block++) total += net->counts[first + block];
  if (total > most * (double)(blocks * size)) return dense;
  memset(busy, 0, blocks * size);
  memset(keys, 0, size * sizeof *keys);
  for (int64_t block = 0; block < blocks; block++) {
    const int32_t *active = net->active + (first + block) * size;
    for (int64_t place = 0; place < net->counts[first + block]; place++) {
      busy[block * size + active[place]] = 1;
      keys[active[place]] |= (uint64_t)1 << (blocks > 64 ? block * 64 / blocks : block);
    }
  }
  for (int64_t i = 0; i < size; i++) order[i] = (int32_t)i;
  for (int64_t gap = 364; gap; gap /= 3) /* Shell's sort */
    for (int64_t i = gap; i < size; i++) {
      const int32_t unit = order[i];
      int64_t place = i;
      for (; place >= gap && keys[order[place - gap]] > keys[unit]; place -= gap) order[place] = order[place - gap];
      order[place] = unit;
    }
  return (NAME(side)){numbers, size, order, busy};
}

TARGET static void NAME(gradient)(const void *network, void *recurrent, void *input, void *readout, double factor,
                                  double keep) {
  const NETWORK *net = network;
  const int64_t groups = net->groups, blocks = net->steps * groups, first = net->first_loss_step * groups;
  const int64_t numbers = net->size * GROUP, size = net->size;
  const REAL leaky = factor * (1 - net->leak_factor);
  const NAME(side) deltas = {net->deltas, size, NULL, NULL}, rates = {net->rates + first * numbers, size, NULL, NULL};
  const NAME(side) batch = {net->batch, net->inputs, NULL, NULL}, errors = {net->errors, net->outputs, NULL, NULL};
  if (net->steps > 1) {
    const double most = NAME(leaks_past)(net) ? -1 : 0.95;
    const NAME(side) later = NAME(sparse)(net, net->deltas + groups * numbers, groups, blocks - groups, 0, most);
    const NAME(side) earlier = NAME(sparse)(net, net->rates, 0, blocks - groups, 1, 0.7);
    NAME(add_products)(net, recurrent, size, 1, later, earlier, blocks - groups, leaky, keep);
  }
  if (!net->all_trained) return;
  NAME(add_products)(net, input, net->input_row, net->input_column, deltas, batch, blocks, leaky, keep);
  NAME(add_products)(net, readout, size, 1, errors, rates, blocks - first, factor, keep);
}

#undef VECTOR
#undef MASK
#undef LANES
#undef ALL
#undef UNITS
#undef ROWS
#undef STRIP
#undef INLINE
#undef WHERE
#undef EITHER
