// Points in time, the clock seam, and the time formats of AWS protocols.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aerolith {

// UTC, millisecond precision: what every AWS protocol can carry.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

// The seam a test replaces. Implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
};

// 2015-08-30T12:36:00Z, with .123 when there are milliseconds.
std::string format_iso8601(Timestamp t);
// 2015-08-30T12:36:00.000Z, always with milliseconds (as S3 and EC2 write it).
std::string format_iso8601_millis(Timestamp t);
// 20150830T123600Z, as SigV4 writes it.
std::string format_iso8601_basic(Timestamp t);
// Sun, 30 Aug 2015 12:36:00 GMT (RFC 9110 IMF-fixdate); with_millis adds ".123" when not zero.
std::string format_http_date(Timestamp t);
// 1440938160 or 1440938160.123.
std::string format_epoch_seconds(Timestamp t);

// Each answers nullopt for text that isn't exactly such a time.
// Accepts Z or a numeric offset, and fractions of any length (cut to milliseconds).
std::optional<Timestamp> parse_iso8601(std::string_view text);
std::optional<Timestamp> parse_iso8601_basic(std::string_view text);
// IMF-fixdate, and the fraction of a second that some clients add.
std::optional<Timestamp> parse_http_date(std::string_view text);
// Decimal seconds, sign and fraction allowed, also in exponent form (1.5e9).
std::optional<Timestamp> parse_epoch_seconds(std::string_view text);
std::optional<Timestamp> from_epoch_seconds(double seconds);

}  // namespace aerolith
