// How many processors this process may use.
#pragma once

#include <string_view>

namespace descent {

/// By its affinity and its control group's quota; at least 1.
int processors();

/// The processors that the text of a control group's cpu.max grants, rounded up; 0 for no limit.
int processorsOfQuota(std::string_view cpuMax);

} // namespace descent
