#include "shared.h"

#include <algorithm>

namespace alsobought {

Shared::Shared(const Owned& owned)
    : owned_(owned), weights_(static_cast<std::size_t>(owned.n_items)), counts_(static_cast<std::size_t>(owned.n_items)) {}

void Shared::add_up(std::int64_t item) {
    for (std::int64_t place = owned_.item_indptr[item]; place < owned_.item_indptr[item + 1]; ++place) {
        const std::int32_t owner = owned_.owners[place];
        const double value = owned_.by_item[place];
        for (std::int64_t other = owned_.owner_indptr[owner]; other < owned_.owner_indptr[owner + 1]; ++other) {
            const auto j = static_cast<std::size_t>(owned_.items[other]);
            if (counts_[j]++ == 0) met_.push_back(owned_.items[other]);
            weights_[j] += value * owned_.by_owner[other];
        }
    }
}

void Shared::clear() {
    for (const std::int32_t other : met_) {
        counts_[static_cast<std::size_t>(other)] = 0;
        weights_[static_cast<std::size_t>(other)] = 0;
    }
    met_.clear();
}

void Shared::append(std::int64_t item, std::int32_t least, std::vector<SharedOwners>& found) {
    add_up(item);
    const auto first = static_cast<std::ptrdiff_t>(found.size());
    for (const std::int32_t other : met_) {
        const auto j = static_cast<std::size_t>(other);
        if (other != item && counts_[j] >= least) found.push_back({other, counts_[j], weights_[j]});
    }
    std::sort(found.begin() + first, found.end(),
              [](const SharedOwners& a, const SharedOwners& b) { return a.item < b.item; });
    clear();
}

void Shared::read(std::int64_t item, const std::int32_t* others, std::int64_t n, std::int32_t* counts, double* weights) {
    add_up(item);
    for (std::int64_t i = 0; i < n; ++i) {
        counts[i] = counts_[static_cast<std::size_t>(others[i])];
        weights[i] = weights_[static_cast<std::size_t>(others[i])];
    }
    clear();
}

}  // namespace alsobought
