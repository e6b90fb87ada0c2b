// The Python module: checks what it is handed, picks the kernels for this processor, shares the rows among threads.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "dense.h"
#include "kernels.h"
#include "neighbours.h"
#include "shared.h"
#include "threads.h"

namespace py = pybind11;

namespace alsobought {
namespace {

constexpr std::int64_t SHARE = 16;  // rows, or queries, that a thread takes at a time

template <class T>
using Array = py::array_t<T, py::array::c_style>;

// The tables this processor can run, best first.
std::vector<const Kernels*> runnable() {
    std::vector<const Kernels*> found;
#ifdef ALSOBOUGHT_MULTIVERSIONED
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")) {
        found.push_back(&avx512_kernels);
    }
    if (avx2) found.push_back(&avx2_kernels);
#endif
    found.push_back(&baseline_kernels);
    return found;
}

const Kernels& kernels_for(const std::optional<std::string>& processor) {
    for (const Kernels* kernels : runnable()) {
        if (!processor || *processor == kernels->processor) return *kernels;
    }
    throw std::invalid_argument("no kernels for processor " + *processor + " here");
}

std::vector<std::string> processors() {
    std::vector<std::string> names;
    for (const Kernels* kernels : runnable()) names.emplace_back(kernels->processor);
    return names;
}

void require(bool right, const char* what) {
    if (!right) throw std::invalid_argument(what);
}

// Numbers of rows are taken on trust inside; here is where one that has no row is refused.
template <class Number>
void require_below(std::int64_t n, const Array<Number>& numbers, const char* what) {
    const Number* number = numbers.data();
    Number least = 0, largest = -1;
    for (py::ssize_t i = 0, size = numbers.size(); i < size; ++i) {
        least = std::min(least, number[i]);
        largest = std::max(largest, number[i]);
    }
    if (least < 0 || largest >= n) throw py::index_error(what);
}

void require_tall(const Array<float>& tall) {
    require(tall.ndim() == 2 && tall.shape(1) > 0, "factors must have two dimensions and a width above 0");
}

void require_square(const Array<float>& square, const Array<float>& tall) {
    require(square.ndim() == 2 && square.shape(0) == tall.shape(1) && square.shape(1) == tall.shape(1),
            "the matrix must be square and as wide as the factors");
}

// One of the two in-place products of dense.h.
template <void (*product)(float*, std::int64_t, int, const float*, int)>
void multiply_in_place(Array<float>& factors, const Array<float>& matrix, int threads) {
    require_tall(factors);
    require_square(matrix, factors);
    load_blas();
    float* tall = factors.mutable_data();
    const py::gil_scoped_release release;
    product(tall, factors.shape(0), static_cast<int>(factors.shape(1)), matrix.data(), threads);
}

// The rows of a sparse matrix and the factors of its columns: see kernels.h.
class RowProblem {
  public:
    RowProblem(Array<std::int64_t> indptr, Array<std::int32_t> indices, std::optional<Array<float>> confidences,
               float confidence, Array<float> factors, std::optional<Array<float>> spectrum,
               std::optional<Array<float>> regularizations,
               float unobserved_weight, const std::optional<std::string>& processor)
        : kernels_(kernels_for(processor)), indptr_(std::move(indptr)), indices_(std::move(indices)),
          confidences_(std::move(confidences)), factors_(std::move(factors)), spectrum_(std::move(spectrum)),
          regularizations_(std::move(regularizations)) {
        require(indptr_.ndim() == 1 && indptr_.size() >= 1, "indptr must have one dimension and not be empty");
        require(factors_.ndim() == 2 && factors_.shape(1) > 0 && factors_.shape(1) % WIDTH_UNIT == 0,
                "factors must have two dimensions and a width that is a multiple of 16");
        require(spectrum_.has_value() == regularizations_.has_value(), "spectrum and regularizations go together");
        require(!spectrum_ || (spectrum_->ndim() == 1 && spectrum_->size() == factors_.shape(1)),
                "spectrum must be as long as a factor");
        require(!confidences_ || confidences_->size() == indices_.size(), "there must be a confidence for each index");
        n_ = indptr_.size() - 1;
        require(!regularizations_ || regularizations_->size() == n_, "there must be a regularization for each row");
        require(indptr_.at(0) == 0 && indptr_.at(n_) == indices_.size() &&
                    std::is_sorted(indptr_.data(), indptr_.data() + indptr_.size()),
                "indptr must rise from 0 to the number of indices");
        require_below(factors_.shape(0), indices_, "an index is not that of a row of factors");
        rows_ = {indptr_.data(), indices_.data(), confidences_ ? confidences_->data() : nullptr, confidence,
                 factors_.data(), spectrum_ ? spectrum_->data() : nullptr,
                 regularizations_ ? regularizations_->data() : nullptr,
                 static_cast<std::int32_t>(factors_.shape(1)), unobserved_weight};
    }

    void solve(const Array<std::int64_t>& order, Array<float>& solutions, int steps, float tolerance, int threads) const {
        check(solutions);
        require_below(n_, order, "a number in order is not that of a row");
        const auto width = static_cast<std::size_t>(rows_.width);
        const std::int64_t* numbers = order.data();
        float* solution = solutions.mutable_data();
        const std::int64_t n = order.size();
        const py::gil_scoped_release release;
        std::vector<std::vector<Line>> scratch(static_cast<std::size_t>(useful_threads(n, threads, SHARE)),
                                               std::vector<Line>(SCRATCH_ROWS * width / WIDTH_UNIT));
        in_parallel(n, threads, SHARE, [&](std::int64_t begin, std::int64_t end, int thread) {
            kernels_.solve(rows_, {steps, tolerance}, numbers + begin, end - begin, solution,
                           scratch[static_cast<std::size_t>(thread)].data()->floats);
        });
    }

    double observed_loss(const Array<float>& solutions, int threads) const {
        check(solutions);
        const float* solution = solutions.data();
        const py::gil_scoped_release release;
        std::vector<double> of_row(static_cast<std::size_t>(n_));
        in_parallel(n_, threads, SHARE, [&](std::int64_t begin, std::int64_t end, int) {
            for (std::int64_t row = begin; row < end; ++row) {
                of_row[static_cast<std::size_t>(row)] = kernels_.observed_loss(rows_, row, solution + row * rows_.width);
            }
        });
        double sum = 0;
        for (const double one : of_row) sum += one;
        return sum;
    }

  private:
    void check(const Array<float>& solutions) const {
        require(solutions.ndim() == 2 && solutions.shape(0) == n_ && solutions.shape(1) == rows_.width,
                "solutions must have a row for each row and the width of the factors");
    }

    const Kernels& kernels_;
    Array<std::int64_t> indptr_;
    Array<std::int32_t> indices_;
    std::optional<Array<float>> confidences_;
    Array<float> factors_;
    std::optional<Array<float>> spectrum_;
    std::optional<Array<float>> regularizations_;
    std::int64_t n_ = 0;
    Rows rows_{};
};

// A query of any length, padded to the width of the items, in 8-bit codes, with what the bounds of scan.inl need of it.
class CodedQuery {
  public:
    CodedQuery(const float* query, std::int64_t n, std::int32_t width)
        : factors_(static_cast<std::size_t>(width)), codes_(static_cast<std::size_t>(width)) {
        std::copy(query, query + n, factors_.begin());
        double largest = 0, squares = 0, missed = 0;
        for (const double factor : factors_) {
            largest = std::max(largest, std::abs(factor));
            squares += factor * factor;
        }
        searchable_ = std::isfinite(squares) && largest > 0;
        if (!searchable_) return;
        const auto scale = static_cast<float>(largest / 127);
        std::int32_t sum = 0;
        for (std::size_t f = 0; f < codes_.size(); ++f) {
            const auto code = scale > 0 ? std::clamp(std::lround(factors_[f] / scale), -127L, 127L) : 0L;
            codes_[f] = static_cast<std::int8_t>(code);
            const double off = static_cast<double>(factors_[f]) - static_cast<double>(code) * static_cast<double>(scale);
            missed += off * off;
            sum += static_cast<std::int32_t>(code);
        }
        constexpr double up = 1 + 1e-6;  // more than the rounding to float32 takes away
        const double rounding = (width + 8) * 0x1p-22;  // of the exact product and of the approximate one
        query_ = {factors_.data(), codes_.data(), scale, static_cast<float>(std::sqrt(squares) * up),
                  static_cast<float>((std::sqrt(missed) + rounding * std::sqrt(squares)) * up), 128 * sum};
    }

    CodedQuery(const CodedQuery&) = delete;
    CodedQuery& operator=(const CodedQuery&) = delete;

    bool searchable() const { return searchable_; }  // finite and not zero
    const ScanQuery& query() const { return query_; }

  private:
    std::vector<float> factors_;
    std::vector<std::int8_t> codes_;
    bool searchable_ = false;
    ScanQuery query_{};
};

class Scan {
  public:
    Scan(Array<std::uint8_t> codes, Array<float> scales, Array<float> errors, Array<float> lengths, Array<float> bounds,
         Array<float> factors, Array<std::int32_t> numbers, const std::optional<std::string>& processor)
        : kernels_(kernels_for(processor)), codes_(std::move(codes)), scales_(std::move(scales)),
          errors_(std::move(errors)), lengths_(std::move(lengths)), bounds_(std::move(bounds)),
          factors_(std::move(factors)), numbers_(std::move(numbers)) {
        require(factors_.ndim() == 2 && factors_.shape(1) > 0 && factors_.shape(1) % WIDTH_UNIT == 0,
                "factors must have two dimensions and a width that is a multiple of 16");
        const std::int64_t n = factors_.shape(0), blocks = (n + BLOCK - 1) / BLOCK;
        require(numbers_.size() == n, "there must be a number for each item");
        require(bounds_.size() == blocks, "there must be a bound for each block of 16 items");
        require(scales_.size() == blocks * BLOCK && errors_.size() == blocks * BLOCK && lengths_.size() == blocks * BLOCK,
                "scales, errors and lengths must fill whole blocks of 16 items");
        require(codes_.size() == blocks * BLOCK * factors_.shape(1), "codes must fill whole blocks of 16 items");
        items_ = {codes_.data(), scales_.data(), errors_.data(), lengths_.data(), bounds_.data(), factors_.data(),
                  numbers_.data(), n, static_cast<std::int32_t>(factors_.shape(1))};
        for (std::int64_t i = 0; i < n; ++i) largest_number_ = std::max(largest_number_, numbers_.data()[i]);
        require_below(std::int64_t{largest_number_} + 1, numbers_, "numbers of items must not be negative");
    }

    py::tuple search(const Array<float>& query, std::int32_t k, const std::optional<Array<bool>>& allowed) const {
        require(!allowed || allowed->size() > largest_number_, "allowed must have a value for each number");
        const auto* mask = allowed ? reinterpret_cast<const std::uint8_t*>(allowed->data()) : nullptr;
        return best(query, k, [&](const ScanQuery& coded, Best& best) { kernels_.scan(items_, coded, mask, best); });
    }

    py::tuple search_places(const Array<float>& query, std::int32_t k, const Array<std::int32_t>& places) const {
        const std::int32_t* place = places.data();
        const std::int64_t n = places.size();
        for (std::int64_t i = 0; i < n; ++i) {
            require(place[i] >= 0 && place[i] < items_.items, "a place is not one of the items");
        }
        return best(query, k, [&](const ScanQuery& coded, Best& best) {
            kernels_.scan_places(items_, coded, place, n, best);
        });
    }

    // Shapes (queries, k); where there are fewer items than k, the rest is number -1.
    py::tuple search_each(const Array<float>& queries, std::int32_t k, int threads) const {
        require(queries.ndim() == 2 && queries.shape(1) <= items_.width, "queries must not be wider than the items");
        require(k >= 0, "k must not be negative");
        const std::int64_t n = queries.shape(0), width = queries.shape(1);
        Array<std::int32_t> numbers({n, std::int64_t{k}});
        Array<float> scores({n, std::int64_t{k}});
        std::int32_t* number = numbers.mutable_data();
        float* score = scores.mutable_data();
        const float* query = queries.data();
        {
            const py::gil_scoped_release release;
            in_parallel(n, threads, SHARE, [&](std::int64_t begin, std::int64_t end, int) {
                std::vector<Found> room(static_cast<std::size_t>(std::min<std::int64_t>(k, items_.items)));
                for (std::int64_t row = begin; row < end; ++row) {
                    const CodedQuery coded(query + row * width, width, items_.width);
                    Best best(room.data(), static_cast<std::int32_t>(room.size()));
                    if (coded.searchable() && !room.empty()) kernels_.scan(items_, coded.query(), nullptr, best);
                    const std::int32_t found = best.sort();
                    for (std::int32_t i = 0; i < k; ++i) {
                        number[row * k + i] = i < found ? room[static_cast<std::size_t>(i)].number : -1;
                        score[row * k + i] = i < found ? room[static_cast<std::size_t>(i)].score : 0;
                    }
                }
            });
        }
        return py::make_tuple(numbers, scores);
    }

  private:
    template <class Walk>
    py::tuple best(const Array<float>& query, std::int32_t k, Walk walk) const {
        require(query.ndim() == 1 && query.size() <= items_.width, "the query must not be wider than the items");
        require(k >= 0, "k must not be negative");
        std::vector<Found> room(static_cast<std::size_t>(std::min<std::int64_t>(k, items_.items)));
        std::int32_t found = 0;
        {
            const py::gil_scoped_release release;
            const CodedQuery coded(query.data(), query.size(), items_.width);
            Best best(room.data(), static_cast<std::int32_t>(room.size()));
            if (coded.searchable() && !room.empty()) walk(coded.query(), best);
            found = best.sort();
        }
        Array<std::int32_t> numbers(found);
        Array<float> scores(found);
        for (std::int32_t i = 0; i < found; ++i) {
            numbers.mutable_data()[i] = room[static_cast<std::size_t>(i)].number;
            scores.mutable_data()[i] = room[static_cast<std::size_t>(i)].score;
        }
        return py::make_tuple(numbers, scores);
    }

    const Kernels& kernels_;
    Array<std::uint8_t> codes_;
    Array<float> scales_, errors_, lengths_, bounds_, factors_;
    Array<std::int32_t> numbers_;
    std::int32_t largest_number_ = -1;
    ScanItems items_{};
};

// Inner products of the rows `rows` of `factors` with a vector, shape (rows,).
Array<float> row_products(const Array<float>& factors, const Array<float>& vector, const Array<std::int32_t>& rows,
                          const std::optional<std::string>& processor) {
    require(factors.ndim() == 2 && factors.shape(1) > 0 && factors.shape(1) % WIDTH_UNIT == 0,
            "factors must have two dimensions and a width that is a multiple of 16");
    require(vector.ndim() == 1 && vector.size() == factors.shape(1), "the vector must be as wide as the factors");
    require_below(factors.shape(0), rows, "a row is not one of the factors");
    Array<float> products(rows.size());
    float* product = products.mutable_data();
    const Kernels& kernels = kernels_for(processor);
    {
        const py::gil_scoped_release release;
        kernels.row_products(factors.data(), static_cast<std::int32_t>(factors.shape(1)), vector.data(), rows.data(),
                             rows.size(), product);
    }
    return products;
}

void require_rows(const Array<std::int64_t>& indptr, const Array<std::int32_t>& indices) {
    require(indptr.ndim() == 1 && indptr.size() >= 1, "indptr must have one dimension and not be empty");
    require(indptr.at(0) == 0 && indptr.at(indptr.size() - 1) == indices.size() &&
                std::is_sorted(indptr.data(), indptr.data() + indptr.size()),
            "indptr must rise from 0 to the number of indices");
}

// Lengths of the rows from `begin` to `end`, and their neighbours, scores and support one row after the other.
py::tuple nearest_by_users(const Array<std::int64_t>& item_indptr, const Array<std::int32_t>& users,
                           const Array<float>& by_item, const Array<std::int64_t>& user_indptr,
                           const Array<std::int32_t>& items, const Array<float>& by_user,
                           const Array<double>& item_weights, const Array<double>& user_weights, double shrinkage,
                           std::int64_t most, std::int64_t begin, std::int64_t end, int threads) {
    require_rows(item_indptr, users);
    require_rows(user_indptr, items);
    require(users.size() == by_item.size() && items.size() == by_user.size(), "there must be a value for each index");
    const std::int64_t n_items = item_indptr.size() - 1;
    require_below(user_indptr.size() - 1, users, "a number of a user has no row");
    require_below(n_items, items, "a number of an item has no row");
    require(item_weights.size() == n_items, "there must be a weight for each item");
    require(user_weights.size() == user_indptr.size() - 1, "there must be a weight for each user");
    require(most > 0 && shrinkage >= 0, "most must be above 0 and shrinkage not below");
    require(0 <= begin && begin <= end && end <= n_items, "begin and end must be rows in order");
    const Incidence pairs{item_indptr.data(), users.data(), by_item.data(),      user_indptr.data(), items.data(),
                          by_user.data(),     item_weights.data(), user_weights.data(), n_items, shrinkage};
    std::vector<std::vector<Neighbour>> rows(static_cast<std::size_t>(end - begin));
    {
        const py::gil_scoped_release release;
        std::vector<std::unique_ptr<Neighbours>> scratch(static_cast<std::size_t>(useful_threads(end - begin, threads, SHARE)));
        in_parallel(end - begin, threads, SHARE, [&](std::int64_t first, std::int64_t last, int thread) {
            auto& mine = scratch[static_cast<std::size_t>(thread)];
            if (!mine) mine = std::make_unique<Neighbours>(pairs, most);
            for (std::int64_t row = first; row < last; ++row) rows[static_cast<std::size_t>(row)] = mine->of(begin + row);
        });
    }
    std::size_t n = 0;
    for (const auto& row : rows) n += row.size();
    Array<std::int64_t> lengths(end - begin);
    Array<std::int32_t> neighbours(static_cast<py::ssize_t>(n)), support(static_cast<py::ssize_t>(n));
    Array<float> scores(static_cast<py::ssize_t>(n));
    std::int64_t* length = lengths.mutable_data();
    std::int32_t *neighbour = neighbours.mutable_data(), *shared = support.mutable_data();
    float* score = scores.mutable_data();
    for (const auto& row : rows) {
        *length++ = static_cast<std::int64_t>(row.size());
        for (const Neighbour& one : row) {
            *neighbour++ = one.item;
            *score++ = static_cast<float>(one.score);
            *shared++ = one.support;
        }
    }
    return py::make_tuple(lengths, neighbours, scores, support);
}

// What owners have of items: see shared.h.
class SharedItems {
  public:
    SharedItems(Array<std::int64_t> item_indptr, Array<std::int32_t> owners, Array<double> by_item,
                Array<std::int64_t> owner_indptr, Array<std::int32_t> items, Array<double> by_owner)
        : item_indptr_(std::move(item_indptr)), owners_(std::move(owners)), by_item_(std::move(by_item)),
          owner_indptr_(std::move(owner_indptr)), items_(std::move(items)), by_owner_(std::move(by_owner)) {
        require_rows(item_indptr_, owners_);
        require_rows(owner_indptr_, items_);
        require(owners_.size() == by_item_.size() && items_.size() == by_owner_.size(), "there must be a value for each index");
        require_below(owner_indptr_.size() - 1, owners_, "a number of an owner has no row");
        require_below(item_indptr_.size() - 1, items_, "a number of an item has no row");
        owned_ = {item_indptr_.data(), owners_.data(), by_item_.data(),         owner_indptr_.data(),
                  items_.data(),       by_owner_.data(), item_indptr_.size() - 1};
    }

    // Lengths of the rows from `begin` to `end`, and their items, counts and weights one row after the other.
    py::tuple with_least(std::int64_t begin, std::int64_t end, std::int32_t least) const {
        require(least > 0, "least must be above 0");
        require(0 <= begin && begin <= end && end <= owned_.n_items, "begin and end must be rows in order");
        std::vector<SharedOwners> found;
        Array<std::int64_t> lengths(end - begin);
        std::int64_t* length = lengths.mutable_data();
        {
            const py::gil_scoped_release release;
            Shared shared(owned_);
            for (std::int64_t row = begin; row < end; ++row) {
                const std::size_t before = found.size();
                shared.append(row, least, found);
                *length++ = static_cast<std::int64_t>(found.size() - before);
            }
        }
        const auto n = static_cast<py::ssize_t>(found.size());
        Array<std::int32_t> others(n), counts(n);
        Array<double> weights(n);
        std::int32_t *other = others.mutable_data(), *count = counts.mutable_data();
        double* weight = weights.mutable_data();
        for (const SharedOwners& one : found) {
            *other++ = one.item;
            *count++ = one.count;
            *weight++ = one.weight;
        }
        return py::make_tuple(lengths, others, counts, weights);
    }

    // Counts and weights at `others`, of which `indptr` says where those of each row from `begin` on start.
    py::tuple at(std::int64_t begin, const Array<std::int64_t>& indptr, const Array<std::int32_t>& others) const {
        require_rows(indptr, others);
        require_below(owned_.n_items, others, "a number of an item has no row");
        const std::int64_t rows = indptr.size() - 1;
        require(0 <= begin && begin + rows <= owned_.n_items, "there are more rows than items");
        Array<std::int32_t> counts(others.size());
        Array<double> weights(others.size());
        const std::int64_t* start = indptr.data();
        const std::int32_t* other = others.data();
        std::int32_t* count = counts.mutable_data();
        double* weight = weights.mutable_data();
        {
            const py::gil_scoped_release release;
            Shared shared(owned_);
            for (std::int64_t row = 0; row < rows; ++row) {
                const std::int64_t n = start[row + 1] - start[row];
                if (n > 0) shared.read(begin + row, other + start[row], n, count + start[row], weight + start[row]);
            }
        }
        return py::make_tuple(counts, weights);
    }

  private:
    Array<std::int64_t> item_indptr_;
    Array<std::int32_t> owners_;
    Array<double> by_item_;
    Array<std::int64_t> owner_indptr_;
    Array<std::int32_t> items_;
    Array<double> by_owner_;
    Owned owned_;
};

}  // namespace
}  // namespace alsobought

PYBIND11_MODULE(_native, module) {
    using namespace alsobought;
    using namespace pybind11::literals;

    module.doc() = "Half-steps of ALS and exact search, compiled. recommender.kernels says what they compute.";
    module.def("processors", &processors, "Names of the kinds of processor with kernels that run here, best first.");

    module.def("load_blas", &load_blas, "Load SciPy's BLAS: only what is loaded can be held to one thread.");
    module.def("multiply", &multiply_in_place<multiply>, py::arg("factors").noconvert(), py::arg("square").noconvert(),
               py::kw_only(), "threads"_a, "factors = factors square, in place.");
    module.def("multiply_by_triangle", &multiply_in_place<multiply_by_triangle>, py::arg("factors").noconvert(),
               py::arg("lower").noconvert(), py::kw_only(), "threads"_a, "factors = factors lower', in place.");

    module.def("nearest_by_users", &nearest_by_users, py::kw_only(), py::arg("item_indptr").noconvert(),
               py::arg("users").noconvert(), py::arg("by_item").noconvert(), py::arg("user_indptr").noconvert(),
               py::arg("items").noconvert(), py::arg("by_user").noconvert(), py::arg("item_weights").noconvert(),
               py::arg("user_weights").noconvert(), "shrinkage"_a, "most"_a, "begin"_a, "end"_a, "threads"_a, "The nearest items of some items by shared users.");

    py::class_<SharedItems>(module, "SharedItems")
        .def(py::init<Array<std::int64_t>, Array<std::int32_t>, Array<double>, Array<std::int64_t>, Array<std::int32_t>,
                      Array<double>>(),
             py::kw_only(), py::arg("item_indptr").noconvert(), py::arg("owners").noconvert(),
             py::arg("by_item").noconvert(), py::arg("owner_indptr").noconvert(), py::arg("items").noconvert(),
             py::arg("by_owner").noconvert())
        .def("with_least", &SharedItems::with_least, "begin"_a, "end"_a, "least"_a)
        .def("at", &SharedItems::at, "begin"_a, py::arg("indptr").noconvert(), py::arg("others").noconvert());

    py::class_<RowProblem>(module, "RowProblem")
        .def(py::init<Array<std::int64_t>, Array<std::int32_t>, std::optional<Array<float>>, float, Array<float>,
                      std::optional<Array<float>>, std::optional<Array<float>>, float, std::optional<std::string>>(),
             py::kw_only(), py::arg("indptr").noconvert(), py::arg("indices").noconvert(), py::arg("confidences").noconvert(),
             "confidence"_a, py::arg("factors").noconvert(), py::arg("spectrum").noconvert(),
             py::arg("regularizations").noconvert(), "unobserved_weight"_a, "processor"_a = py::none())
        .def("solve", &RowProblem::solve, py::arg("order").noconvert(), py::arg("solutions").noconvert(), py::kw_only(),
             "steps"_a, "tolerance"_a, "threads"_a)
        .def("observed_loss", &RowProblem::observed_loss, py::arg("solutions").noconvert(), py::kw_only(), "threads"_a);

    module.def("row_products", &row_products, py::arg("factors").noconvert(), py::arg("vector").noconvert(),
               py::arg("rows").noconvert(), "processor"_a = py::none(), "Inner products of some rows with a vector.");

    py::class_<Scan>(module, "Scan")
        .def(py::init<Array<std::uint8_t>, Array<float>, Array<float>, Array<float>, Array<float>, Array<float>,
                      Array<std::int32_t>, std::optional<std::string>>(),
             py::kw_only(), py::arg("codes").noconvert(), py::arg("scales").noconvert(), py::arg("errors").noconvert(),
             py::arg("lengths").noconvert(), py::arg("bounds").noconvert(), py::arg("factors").noconvert(),
             py::arg("numbers").noconvert(), "processor"_a = py::none())
        .def("search", &Scan::search, py::arg("query").noconvert(), "k"_a, py::arg("allowed").noconvert() = py::none())
        .def("search_places", &Scan::search_places, py::arg("query").noconvert(), "k"_a, py::arg("places").noconvert())
        .def("search_each", &Scan::search_each, py::arg("queries").noconvert(), "k"_a, "threads"_a);
}
