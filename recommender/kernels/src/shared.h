// The items that share owners (customers, baskets) with an item.

#pragma once

#include <cstdint>
#include <vector>

namespace alsobought {

// What owners have of items, once by item and once by owner: a shared owner weighs the product of the two values.
struct Owned {
    const std::int64_t* item_indptr;
    const std::int32_t* owners;
    const double* by_item;
    const std::int64_t* owner_indptr;
    const std::int32_t* items;
    const double* by_owner;
    std::int64_t n_items;
};

struct SharedOwners {
    std::int32_t item;
    std::int32_t count;
    double weight;
};

// The sums of one item; a thread keeps them from item to item.
class Shared {
  public:
    explicit Shared(const Owned& owned);

    // Appends the items other than `item` that share `least` owners with it, ascending.
    void append(std::int64_t item, std::int32_t least, std::vector<SharedOwners>& found);

    // Writes what `item` shares with each of n others; zeros where nothing.
    void read(std::int64_t item, const std::int32_t* others, std::int64_t n, std::int32_t* counts, double* weights);

  private:
    void add_up(std::int64_t item);
    void clear();

    const Owned& owned_;
    std::vector<double> weights_;
    std::vector<std::int32_t> counts_;  // 0 where an item was not met
    std::vector<std::int32_t> met_;
};

}  // namespace alsobought
