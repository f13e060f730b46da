#include "compute/apt_settings.h"

#include <gtest/gtest.h>

namespace aerolith::compute {
namespace {

using Lines = std::vector<std::string>;

TEST(AptSettingsTest, ProxiesAreTakenAsTheyStand) {
  EXPECT_EQ(
      proxies_in("APT \"\";\nAcquire::http \"\";\nAcquire::http::Proxy \"http://p:3128\";\n"
                 "Acquire::https::Proxy \"\";\nAcquire::http::Proxy::mirror \"DIRECT\";\nAcquire::Retries \"3\";\n"),
      (Lines{"Acquire::http::Proxy \"http://p:3128\";", "Acquire::http::Proxy::mirror \"DIRECT\";"}));
  EXPECT_TRUE(proxies_in("").empty());
}

TEST(AptSettingsTest, OnlyDebiansOwnArchivesOfTheSuiteCount) {
  EXPECT_EQ(archives_in("Debian bookworm main http://m/debian bookworm\n"
                        "Debian bookworm main http://m/debian bookworm\n"
                        "Debian bookworm contrib http://m/debian bookworm\n"
                        "Debian bookworm-security main http://m/security bookworm-security\n"
                        "Debian trixie main http://m/debian trixie\n"
                        "Debian bookworm main file:/srv/debian bookworm\n"
                        "Somebody bookworm main http://else/where bookworm\n",
                        "bookworm"),
            (Lines{"deb http://m/debian bookworm main", "deb http://m/security bookworm-security main"}));
  EXPECT_TRUE(archives_in("\n \n", "bookworm").empty());
}

}  // namespace
}  // namespace aerolith::compute
