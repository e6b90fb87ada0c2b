// VECTOR_BYTES of floats at a time, in the notation of the compiler's vector extension.

#pragma once

#include <utility>

#include "kernels.h"

namespace alsobought {
namespace {

#define INLINE inline __attribute__((always_inline))

typedef float Vector __attribute__((vector_size(VECTOR_BYTES)));
typedef std::int32_t Places __attribute__((vector_size(VECTOR_BYTES)));
typedef float Four __attribute__((vector_size(16)));

constexpr int LANES = VECTOR_BYTES / sizeof(float);
using EachLane = std::make_integer_sequence<int, LANES>;

INLINE Vector load(const float* from) {
    Vector v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

INLINE Four load_four(const float* from) {
    Four v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

INLINE void store(float* to, Vector v) { std::memcpy(to, &v, sizeof v); }

// Lane i of the result is lane `places` of a, or, from LANES on, of b.
template <int... places>
INLINE Vector pick(Vector a, Vector b, std::integer_sequence<int, places...>) {
#if defined(__clang__)
    return __builtin_shufflevector(a, b, places...);
#else
    return __builtin_shuffle(a, b, Places{places...});
#endif
}

// Adds neighbouring lanes of every four: {a0+a2, b0+b2, a1+a3, b1+b3} of each four lanes of a and b.
template <int... lane>
INLINE Vector fold_pairs(Vector a, Vector b, std::integer_sequence<int, lane...>) {
    return pick(a, b, std::integer_sequence<int, (lane / 4 * 4 + lane % 4 / 2 + lane % 2 * LANES)...>{}) +
           pick(a, b, std::integer_sequence<int, (lane / 4 * 4 + 2 + lane % 4 / 2 + lane % 2 * LANES)...>{});
}

// Adds the halves of every four lanes: of what fold_pairs gave for a, b and for c, d, all four of each.
template <int... lane>
INLINE Vector fold_halves(Vector ab, Vector cd, std::integer_sequence<int, lane...>) {
    return pick(ab, cd, std::integer_sequence<int, (lane / 4 * 4 + lane % 2 + lane % 4 / 2 * LANES)...>{}) +
           pick(ab, cd, std::integer_sequence<int, (lane / 4 * 4 + 2 + lane % 2 + lane % 4 / 2 * LANES)...>{});
}

// The sum of the lanes of each of four vectors.
INLINE Four totals(Vector a, Vector b, Vector c, Vector d) {
    const Vector folded = fold_halves(fold_pairs(a, b, EachLane{}), fold_pairs(c, d, EachLane{}), EachLane{});
    Four parts[LANES / 4];
    std::memcpy(parts, &folded, sizeof parts);
    for (int n = LANES / 8; n > 0; n /= 2) {
        for (int i = 0; i < n; ++i) parts[i] += parts[i + n];
    }
    return parts[0];
}

INLINE float total(Vector v) { return totals(v, v, v, v)[0]; }

// The inner product of two vectors of a width that is a multiple of WIDTH_UNIT.
INLINE float dot(const float* x, const float* y, int width) {
    Vector sum{};
    for (int f = 0; f < width; f += LANES) sum += load(x + f) * load(y + f);
    return total(sum);
}

}  // namespace
}  // namespace alsobought
