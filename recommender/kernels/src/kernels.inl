// All kernels, for the processor that the including file has set as target. Nothing here may include a header of the
// standard library: what that defines is merged with the copies of other files, which must run on any processor.

#include "vectors.h"

namespace alsobought {
namespace {

#include "half_step.inl"
#include "scan.inl"

}  // namespace

const Kernels TABLE = {PROCESSOR, solve_rows, observed_loss, scan, scan_places, row_products};

}  // namespace alsobought
