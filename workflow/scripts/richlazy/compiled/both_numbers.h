/* passes.h for float and for double, with VECTORS, TARGET, BYTES and REGISTERS, which end here. */
#define REAL float
#define INTEGER int32_t
#include "passes.h"
#undef REAL
#undef INTEGER
#define REAL double
#define INTEGER int64_t
#define TANH_OF_ONE tanh
#include "passes.h"
#undef REAL
#undef INTEGER
#undef TANH_OF_ONE
#undef VECTORS
#undef TARGET
#undef BYTES
#undef REGISTERS
