// Solving one row of the normal equations by conjugate gradients, preconditioned by their diagonal part.
//
//     (D + sum w_i z_i z_i') x = sum c_i z_i,   D = diag(spectrum) + regularization I, or I   w_i = c_i - unobserved_weight
//
// over the columns i observed in the row. Dividing by D scales both sides by D^-1/2, after which the matrix is an
// identity plus one term per observed column: a row with n of them is exact after n steps and close after a few.
// A step costs 4 n width operations, the last one half of it; there is no width^2 anywhere.

// Columns that are handled together: few enough to stay in the first cache between their two uses.
constexpr int GROUP = 32;

// The inner products of x with `n` columns.
INLINE void scores_of(const float* const* columns, int n, const float* x, int width, float* scores) {
    int i = 0;
    for (; i + 4 <= n; i += 4) {
        Vector d0{}, d1{}, d2{}, d3{};
        for (int f = 0; f < width; f += LANES) {
            const Vector xf = load(x + f);
            d0 += load(columns[i] + f) * xf;
            d1 += load(columns[i + 1] + f) * xf;
            d2 += load(columns[i + 2] + f) * xf;
            d3 += load(columns[i + 3] + f) * xf;
        }
        const Four found = totals(d0, d1, d2, d3);
        std::memcpy(scores + i, &found, sizeof found);
    }
    for (; i < n; ++i) scores[i] = dot(columns[i], x, width);
}

// The columns of the row that comes next, fetched one by one while the first pass over the present row goes on: all at
// once would have to wait for each other.
struct Ahead {
    const float* factors;
    const std::int32_t* indices;
    std::int64_t n, width;

    INLINE Ahead from(std::int64_t place) const { return {factors, indices + place, n - place, width}; }

    template <int parts>
    INLINE void fetch(int i, int f) const {
        if (i >= n) return;
        const float* column = factors + indices[i] * width + f;
        for (int part = 0; part < parts; part += WIDTH_UNIT / LANES) __builtin_prefetch(column + part * LANES, 0, 2);
    }
};

struct Nothing {
    template <int parts>
    INLINE void fetch(int, int) const {}
};

// to = from + sum amounts[i] * columns[i] in the `parts` vectors from f on, which stay in registers meanwhile; `from` may
// be null, for zeros, or `to`.
template <int parts, class Next>
INLINE void add_part(const float* const* columns, int n, const float* amounts, int f, const float* from, float* to,
                     Next next) {
    Vector kept[parts];
    for (int part = 0; part < parts; ++part) kept[part] = from ? load(from + f + part * LANES) : Vector{};
    for (int i = 0; i < n; ++i) {
        for (int part = 0; part < parts; ++part) kept[part] += amounts[i] * load(columns[i] + f + part * LANES);
        next.template fetch<parts>(i, f);
    }
    for (int part = 0; part < parts; ++part) store(to + f + part * LANES, kept[part]);
}

template <class Next>
INLINE void add_columns(const float* const* columns, int n, const float* amounts, int width, const float* from,
                        float* to, Next next) {
    int f = 0;
    for (; f + 8 * LANES <= width; f += 8 * LANES) add_part<8>(columns, n, amounts, f, from, to, next);
    for (; f + 4 * LANES <= width; f += 4 * LANES) add_part<4>(columns, n, amounts, f, from, to, next);
    for (; f < width; f += LANES) add_part<1>(columns, n, amounts, f, from, to, next);
}

// The observed columns of a row, a group at a time; where one group is all, their places are looked up once.
class Columns {
  public:
    INLINE Columns(const Rows& rows, std::int64_t row)
        : rows_(rows), begin_(rows.indptr[row]), end_(rows.indptr[row + 1]) {
        if (end_ - begin_ <= GROUP) look_up(begin_);
    }

    // Calls each(columns, n, place of the first).
    template <class Each>
    INLINE void in_groups(Each each) {
        if (end_ - begin_ <= GROUP) return each(columns_, static_cast<int>(end_ - begin_), begin_);
        for (std::int64_t place = begin_; place < end_; place += GROUP) each(columns_, look_up(place), place);
    }

  private:
    INLINE int look_up(std::int64_t place) {
        const int n = static_cast<int>(std::min<std::int64_t>(GROUP, end_ - place));
        for (int i = 0; i < n; ++i) columns_[i] = rows_.factors + std::int64_t{rows_.indices[place + i]} * rows_.width;
        return n;
    }

    const Rows& rows_;
    std::int64_t begin_, end_;
    const float* columns_[GROUP];
};

// The diagonal D of a row: written out once, as it is needed several times over, or the identity.
template <bool identity>
class Diagonal {
  public:
    INLINE Diagonal(const Rows& rows, std::int64_t row, float* scratch) : values_(scratch), inverses_(scratch + rows.width) {
        if (identity) return;
        for (std::int32_t f = 0; f < rows.width; f += LANES) {
            const Vector d = load(rows.spectrum + f) + rows.regularizations[row];
            store(values_ + f, d);
            store(inverses_ + f, 1.0f / d);
        }
    }

    INLINE Vector times(std::int32_t f, Vector v) const { return identity ? v : load(values_ + f) * v; }
    INLINE Vector divides(std::int32_t f, Vector v) const { return identity ? v : load(inverses_ + f) * v; }

  private:
    float *values_, *inverses_;
};

// The confidences of the observed pairs: equal for all, or one each.
struct Equal {
    float value;
    INLINE float operator()(std::int64_t) const { return value; }
    INLINE Four four(std::int64_t) const { return Four{} + value; }
};

struct Each {
    const float* values;
    INLINE float operator()(std::int64_t place) const { return values[place]; }
    INLINE Four four(std::int64_t place) const { return load_four(values + place); }
};

// Makes amounts of the scores of columns, (c - w0) * score, and adds amount * score to `own`, four sums side by side.
template <class Confidence>
INLINE void weigh(float* scores, int n, std::int64_t place, float w0, Confidence confidence, Four& own) {
    int i = 0;
    for (; i + 4 <= n; i += 4) {
        const Four score = load_four(scores + i), amount = (confidence.four(place + i) - w0) * score;
        std::memcpy(scores + i, &amount, sizeof amount);
        own += amount * score;
    }
    for (; i < n; ++i) {
        const float score = scores[i];
        scores[i] = (confidence(place + i) - w0) * score;
        own[0] += scores[i] * score;
    }
}

template <bool identity, class Confidence>
INLINE void solve_with(const Rows& rows, const Effort& effort, std::int64_t row, float* solution, float* scratch,
                       Ahead ahead, Confidence confidence) {
    const std::int32_t width = rows.width;
    const float w0 = rows.unobserved_weight;
    Columns observed(rows, row);
    const Diagonal<identity> diagonal(rows, row, scratch);
    float *residual = scratch + 2 * width, *direction = residual + width, *product = direction + width;

    observed.in_groups([&](const float* const* columns, int n, std::int64_t place) {
        float amounts[GROUP];
        for (int i = 0; i < n; ++i) amounts[i] = confidence(place + i);
        const std::int64_t done = place - rows.indptr[row];
        add_columns(columns, n, amounts, width, done > 0 ? residual : nullptr, residual, ahead.from(done));
    });

    Vector squares{};
    for (std::int32_t f = 0; f < width; f += LANES) {
        const Vector r = load(residual + f), p = diagonal.divides(f, r);
        store(direction + f, p);
        store(solution + f, Vector{});
        squares += r * p;
    }
    float error = total(squares);  // residual' D^-1 residual
    if (!(error < INFINITY)) {  // to be seen, not to look like solved
        for (std::int32_t f = 0; f < width; f += LANES) store(solution + f, Vector{} + NAN);
        return;
    }
    const float enough = effort.tolerance * effort.tolerance * error;
    for (std::int32_t step = 1; step <= effort.steps && error > enough; ++step) {
        const bool last = step == effort.steps;  // then nobody asks for the residual, nor for what it takes
        Vector shared{};
        for (std::int32_t f = 0; f < width; f += LANES) {
            const Vector p = load(direction + f), d = diagonal.times(f, p);
            if (!identity && !last) store(product + f, d);
            shared += p * d;
        }
        Four own{};
        observed.in_groups([&](const float* const* columns, int n, std::int64_t place) {
            float amounts[GROUP];
            scores_of(columns, n, direction, width, amounts);
            weigh(amounts, n, place, w0, confidence, own);
            const float* from = identity && place == rows.indptr[row] ? direction : product;
            if (!last) add_columns(columns, n, amounts, width, from, product, Nothing{});
        });
        const float curvature = total(shared) + (own[0] + own[1]) + (own[2] + own[3]);  // direction' (matrix) direction
        if (curvature == 0) break;  // what is left is too small for a float
        const float length = error / curvature;
        for (std::int32_t f = 0; f < width; f += LANES) {
            store(solution + f, load(solution + f) + length * load(direction + f));
        }
        if (last) break;
        squares = Vector{};
        for (std::int32_t f = 0; f < width; f += LANES) {
            const Vector r = load(residual + f) - length * load(product + f);
            store(residual + f, r);
            squares += r * diagonal.divides(f, r);
        }
        const float before = error;
        error = total(squares);
        const float keep = error / before;
        for (std::int32_t f = 0; f < width; f += LANES) {
            store(direction + f, diagonal.divides(f, load(residual + f)) + keep * load(direction + f));
        }
    }
}

template <class Confidence>
INLINE void solve_row(const Rows& rows, const Effort& effort, std::int64_t row, float* solution, float* scratch,
                      Ahead ahead, Confidence confidence) {
    if (rows.indptr[row] == rows.indptr[row + 1]) {
        std::memset(solution, 0, sizeof(float) * static_cast<std::size_t>(rows.width));
    } else if (rows.spectrum == nullptr) {
        solve_with<true>(rows, effort, row, solution, scratch, ahead, confidence);
    } else {
        solve_with<false>(rows, effort, row, solution, scratch, ahead, confidence);
    }
}

INLINE void solve(const Rows& rows, const Effort& effort, std::int64_t row, float* solution, float* scratch,
                  Ahead ahead) {
    if (rows.confidences == nullptr) {
        solve_row(rows, effort, row, solution, scratch, ahead, Equal{rows.confidence});
    } else {
        solve_row(rows, effort, row, solution, scratch, ahead, Each{rows.confidences});
    }
}

void solve_rows(const Rows& rows, const Effort& effort, const std::int64_t* order, std::int64_t n, float* solutions,
                float* scratch) {
    for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t next = order[std::min(i + 1, n - 1)], begin = rows.indptr[next];
        const Ahead ahead{rows.factors, rows.indices + begin, rows.indptr[next + 1] - begin, rows.width};
        __builtin_prefetch(rows.indices + rows.indptr[order[std::min(i + 3, n - 1)]]);
        for (int f = 0; f < rows.width; f += WIDTH_UNIT) __builtin_prefetch(solutions + next * rows.width + f, 1);
        solve(rows, effort, order[i], solutions + order[i] * rows.width, scratch, ahead);
    }
}

// What the observed pairs of a row add to the loss beyond counting as unobserved: sum c (1 - s)^2 - w0 s^2.
double observed_loss(const Rows& rows, std::int64_t row, const float* solution) {
    double sum = 0;
    for (std::int64_t place = rows.indptr[row]; place < rows.indptr[row + 1]; ++place) {
        const float* column = rows.factors + std::int64_t{rows.indices[place]} * rows.width;
        const double score = static_cast<double>(dot(column, solution, rows.width));
        const double c = static_cast<double>(rows.confidences ? rows.confidences[place] : rows.confidence);
        sum += c * (1 - score) * (1 - score) - static_cast<double>(rows.unobserved_weight) * score * score;
    }
    return sum;
}
