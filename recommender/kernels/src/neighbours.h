// The nearest items of an item by the users they share.

#pragma once

#include <cstdint>
#include <vector>

namespace alsobought {

// A sparse matrix of users and items, once by item and once by user, and what the values of each count.
struct Incidence {
    const std::int64_t* item_indptr;
    const std::int32_t* users;
    const float* by_item;
    const std::int64_t* user_indptr;
    const std::int32_t* items;
    const float* by_user;
    const double* item_weights;
    const double* user_weights;
    std::int64_t n_items;
    double shrinkage;
};

struct Neighbour {
    double score;
    std::int32_t item;
    std::int32_t support;
};

// The sums of one item; a thread keeps them from item to item.
class Neighbours {
  public:
    Neighbours(const Incidence& pairs, std::int64_t most);

    // The `most` items other than `item` with the largest score above 0, best first, of equal ones the smaller first.
    const std::vector<Neighbour>& of(std::int64_t item);

  private:
    const Incidence& pairs_;
    std::size_t most_;
    std::vector<double> sums_;
    std::vector<std::int32_t> shared_;  // 0 where an item was not met
    std::vector<std::int32_t> met_;
    std::vector<Neighbour> found_;
};

}  // namespace alsobought
