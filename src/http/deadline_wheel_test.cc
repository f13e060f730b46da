#include "http/deadline_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace aerolith::http {
namespace {

using std::chrono::milliseconds;

class DeadlineWheelTest : public testing::Test {
 protected:
  std::vector<DeadlineWheel::Entry*> advance(milliseconds since_start) {
    std::vector<DeadlineWheel::Entry*> expired;
    wheel_.advance(now_ + since_start, [&](DeadlineWheel::Entry& entry) { expired.push_back(&entry); });
    return expired;
  }

  DeadlineWheel::TimePoint now_ = std::chrono::steady_clock::now();
  DeadlineWheel wheel_{milliseconds(10)};
  DeadlineWheel::Entry a_;
  DeadlineWheel::Entry b_;
};

TEST_F(DeadlineWheelTest, ExpiresOnceAndNotEarly) {
  wheel_.add(a_);
  wheel_.add(b_);
  wheel_.set(a_, now_ + milliseconds(100));
  wheel_.set(b_, now_ + milliseconds(60'000));
  EXPECT_TRUE(advance(milliseconds(90)).empty());
  EXPECT_EQ(advance(milliseconds(130)), std::vector{&a_});
  EXPECT_TRUE(advance(milliseconds(59'990)).empty());
  EXPECT_EQ(advance(milliseconds(60'030)), std::vector{&b_});
  EXPECT_TRUE(advance(milliseconds(200'000)).empty());
  wheel_.remove(a_);
  wheel_.remove(b_);
  EXPECT_TRUE(wheel_.is_empty());
}

TEST_F(DeadlineWheelTest, MovesBothWays) {
  wheel_.add(a_);
  wheel_.set(a_, now_ + milliseconds(100));
  wheel_.set(a_, now_ + milliseconds(500));
  EXPECT_TRUE(advance(milliseconds(300)).empty());
  wheel_.set(a_, now_ + milliseconds(350));
  EXPECT_EQ(advance(milliseconds(400)), std::vector{&a_});
  wheel_.set(a_, now_ + milliseconds(500));
  wheel_.set(a_, DeadlineWheel::kNever);
  EXPECT_TRUE(advance(milliseconds(100'000)).empty());
  wheel_.remove(a_);
}

TEST_F(DeadlineWheelTest, EntriesMayGoWhileItRuns) {
  wheel_.add(a_);
  wheel_.add(b_);
  wheel_.set(a_, now_ + milliseconds(50));
  wheel_.set(b_, now_ + milliseconds(50));
  int expired = 0;
  wheel_.advance(now_ + milliseconds(100), [&](DeadlineWheel::Entry&) {
    ++expired;
    wheel_.remove(a_);
    wheel_.remove(b_);
  });
  EXPECT_EQ(expired, 1);
  EXPECT_TRUE(wheel_.is_empty());
}

TEST_F(DeadlineWheelTest, VisitsAll) {
  wheel_.add(a_);
  wheel_.add(b_);
  int visits = 0;
  wheel_.for_each([&](DeadlineWheel::Entry& entry) {
    ++visits;
    wheel_.remove(entry);
  });
  EXPECT_EQ(visits, 2);
  EXPECT_TRUE(wheel_.is_empty());
}

}  // namespace
}  // namespace aerolith::http
