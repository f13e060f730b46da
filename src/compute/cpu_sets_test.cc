#include "compute/cpu_sets.h"

#include <gtest/gtest.h>

namespace aerolith::compute {
namespace {

using Cpus = std::vector<int>;

TEST(CpuListTest, IsReadAsTheKernelWritesIt) {
  EXPECT_EQ(parse_cpu_list("0-2,5\n"), (Cpus{0, 1, 2, 5}));
  EXPECT_EQ(parse_cpu_list("7"), (Cpus{7}));
  EXPECT_EQ(parse_cpu_list("\n"), Cpus{});
  EXPECT_EQ(parse_cpu_list(""), Cpus{});
  EXPECT_EQ(parse_cpu_list("3,x"), (Cpus{3}));
  EXPECT_EQ(parse_cpu_list("5-2"), Cpus{});
  EXPECT_EQ(parse_cpu_list("0-4000000000"), Cpus{});
}

TEST(ChooseCpusTest, TakesThoseThatFewestHave) {
  EXPECT_EQ(choose_cpus({0, 1, 2, 3}, {0, 1}, 2, 0), (Cpus{2, 3}));
  EXPECT_EQ(choose_cpus({0, 1, 2, 3}, {0, 0, 1, 2, 3, 3}, 2, 0), (Cpus{1, 2}));
  EXPECT_EQ(choose_cpus({0, 1, 2, 3}, {}, 2, 7), (Cpus{0, 3})) << "from the fourth on, and around";
  EXPECT_EQ(choose_cpus({4, 6}, {5}, 1, 1), (Cpus{6}));
  EXPECT_EQ(choose_cpus({0, 1}, {}, 5, 0), (Cpus{0, 1}));
  EXPECT_EQ(choose_cpus({}, {}, 1, 3), Cpus{});
}

}  // namespace
}  // namespace aerolith::compute
