// Exact search for the largest inner products: a walk over 8-bit codes, longest items first.
//
// An item y is kept as y~ = scale * (code - 128), so that q.y~ costs one integer product of 8 bits each, with q~ for q. By
// Cauchy and Schwarz
//
//     |q.y - q~.y~| = |q.(y - y~) + (q - q~).y~| <= |q| |y - y~| + |q - q~| |y~|,
//
// so an item whose q~.y~ plus that slack stays below the k-th best score found so far can't be among the best k. Only
// for the others the exact product is taken. The walk ends where |q| times the length of all that follows is below it.
// The slack as it is handed in allows for rounding; what numbers too small for a float lose beside it, LEAST_SLACK covers.

constexpr float LEAST_SLACK = 1e-37f;

// Adds up, for each item of a block, the products of its codes with those of the query.
INLINE void block_products(const std::uint8_t* codes, const std::int8_t* query, int width, std::int32_t* products) {
#if defined(USE_AVX512)
    __m512i sums[4] = {};
    for (int f = 0; f < width; f += 16) {
        for (int part = 0; part < 4; ++part) {
            std::int32_t four;
            std::memcpy(&four, query + f + 4 * part, sizeof four);
            const __m512i block = _mm512_loadu_si512(codes + std::int64_t{BLOCK} * (f + 4 * part));
            sums[part] = _mm512_dpbusd_epi32(sums[part], block, _mm512_set1_epi32(four));
        }
    }
    _mm512_storeu_si512(products,
                        _mm512_add_epi32(_mm512_add_epi32(sums[0], sums[1]), _mm512_add_epi32(sums[2], sums[3])));
#elif defined(USE_AVX2)
    // even and odd bytes apart, as 16-bit numbers: the product of bytes itself would saturate
    __m256i low{}, high{};
    const __m256i bytes = _mm256_set1_epi16(255);
    for (int f = 0; f < width; f += 4) {
        const __m256i even = _mm256_set1_epi32((query[f] & 0xffff) | query[f + 2] * 65536);
        const __m256i odd = _mm256_set1_epi32((query[f + 1] & 0xffff) | query[f + 3] * 65536);
        const auto* block = reinterpret_cast<const __m256i*>(codes + std::int64_t{BLOCK} * f);
        const __m256i first = _mm256_loadu_si256(block), second = _mm256_loadu_si256(block + 1);
        low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_and_si256(first, bytes), even));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_srli_epi16(first, 8), odd));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_and_si256(second, bytes), even));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_srli_epi16(second, 8), odd));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(products), low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(products) + 1, high);
#else
    std::fill(products, products + BLOCK, 0);
    for (int f = 0; f < width; f += 4) {
        const std::uint8_t* block = codes + std::int64_t{BLOCK} * f;
        for (int item = 0; item < BLOCK; ++item) {
            for (int part = 0; part < 4; ++part) products[item] += block[4 * item + part] * query[f + part];
        }
    }
#endif
}

INLINE void offer_exact(const ScanItems& items, const ScanQuery& query, std::int64_t place, Best& best) {
    const float* factors = items.factors + place * items.width;
    best.offer({dot(query.factors, factors, items.width), items.numbers[place]});
}

INLINE void scan_block(const ScanItems& items, const ScanQuery& query, std::int64_t block, const std::uint8_t* allowed,
                       Best& best) {
    const std::int64_t first = block * BLOCK;
    const int n = static_cast<int>(std::min<std::int64_t>(BLOCK, items.items - first));
    std::int32_t products[BLOCK];
    block_products(items.codes + first * items.width, query.codes, items.width, products);
    float bounds[BLOCK];
    for (int i = 0; i < BLOCK; ++i) {
        const float product = static_cast<float>(products[i] - query.offset) * (query.scale * items.scales[first + i]);
        bounds[i] = product + LEAST_SLACK + (query.length * items.errors[first + i] + query.error * items.lengths[first + i]);
    }
    const float least = best.least();
    std::uint32_t promising = 0;
    for (int i = 0; i < BLOCK; ++i) promising |= std::uint32_t{bounds[i] >= least} << i;
    for (promising &= (std::uint32_t{1} << n) - 1; promising != 0; promising &= promising - 1) {
        const std::int64_t place = first + __builtin_ctz(promising);
        if (allowed == nullptr || allowed[items.numbers[place]]) offer_exact(items, query, place, best);
    }
}

// Offers every item that `allowed`, one byte per number, allows (null: all) and that may be among the best.
void scan(const ScanItems& items, const ScanQuery& query, const std::uint8_t* allowed, Best& best) {
    const std::int64_t blocks = (items.items + BLOCK - 1) / BLOCK;
    for (std::int64_t block = 0; block < blocks && query.length * items.bounds[block] + LEAST_SLACK >= best.least(); ++block) {
        scan_block(items, query, block, allowed, best);
    }
}

constexpr int ROWS_AHEAD = 6;  // that are fetched before they are needed: rows far apart keep the processor waiting

INLINE void fetch_ahead(const float* factors, int width, const std::int32_t* rows, std::int64_t i, std::int64_t n) {
    if (i + ROWS_AHEAD >= n) return;
    const float* row = factors + std::int64_t{rows[i + ROWS_AHEAD]} * width;
    for (int f = 0; f < width; f += WIDTH_UNIT) __builtin_prefetch(row + f);
}

// Offers the items at some places of the order of `items`.
void scan_places(const ScanItems& items, const ScanQuery& query, const std::int32_t* places, std::int64_t n, Best& best) {
    for (std::int64_t i = 0; i < n; ++i) {
        fetch_ahead(items.factors, items.width, places, i, n);
        offer_exact(items, query, places[i], best);
    }
}

// The inner products of some rows of `factors` with a vector.
void row_products(const float* factors, std::int32_t width, const float* vector, const std::int32_t* rows, std::int64_t n,
                  float* products) {
    for (std::int64_t i = 0; i < n; ++i) {
        fetch_ahead(factors, width, rows, i, n);
        products[i] = dot(vector, factors + std::int64_t{rows[i]} * width, width);
    }
}
