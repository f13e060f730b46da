#include "base/time.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace aerolith {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct CivilTime {
  int year;
  unsigned month;
  unsigned day;
  int hour;
  int minute;
  int second;
  int millisecond;
  unsigned weekday;  // 0 is Sunday
};

CivilTime to_civil(Timestamp t) {
  const auto day_start = std::chrono::floor<days>(t);
  const std::chrono::year_month_day date{day_start};
  const std::chrono::hh_mm_ss clock{t - day_start};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          static_cast<int>(clock.subseconds().count()),
          std::chrono::weekday{day_start}.c_encoding()};
}

std::optional<Timestamp> from_civil(const CivilTime& c) {
  const std::chrono::year_month_day date{std::chrono::year{c.year}, std::chrono::month{c.month},
                                         std::chrono::day{c.day}};
  if (!date.ok() || c.hour < 0 || c.hour > 23 || c.minute < 0 || c.minute > 59 || c.second < 0 || c.second > 60)
    return std::nullopt;
  return std::chrono::sys_days{date} + hours{c.hour} + minutes{c.minute} + seconds{c.second} +
         milliseconds{c.millisecond};
}

// Reads fixed-width text from left to right; any mismatch makes all of it fail.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(size_t count) {
    int value = 0;
    if (rest_.size() < count) {
      failed_ = true;
      return 0;
    }
    for (size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') failed_ = true;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool accept(std::string_view literal) {
    if (failed_ || !rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  void expect(std::string_view literal) {
    if (!accept(literal)) failed_ = true;
  }
  // ".123456": milliseconds, the rest cut off. 0 when there is no fraction.
  int fraction() {
    if (!accept(".")) return 0;
    int value = 0;
    size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count)
      if (count < 3) value = value * 10 + (rest_[count] - '0');
    if (count == 0) failed_ = true;
    for (size_t i = count; i < 3; ++i) value *= 10;
    rest_.remove_prefix(count);
    return value;
  }
  template <size_t N>
  unsigned one_of(const std::array<std::string_view, N>& names) {
    for (unsigned i = 0; i < N; ++i)
      if (accept(names[i])) return i;
    failed_ = true;
    return 0;
  }
  bool finished() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

constexpr std::array<std::string_view, 7> kWeekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

Timestamp SystemClock::now() const { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

std::string format_iso8601(Timestamp t) {
  const CivilTime c = to_civil(t);
  if (c.millisecond != 0) return format_iso8601_millis(t);
  return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z"), c.year, c.month, c.day, c.hour, c.minute,
                     c.second);
}

// By hand: answers of EC2 have some of these for each thing, and a formatter takes several times as long.
std::string format_iso8601_millis(Timestamp t) {
  const CivilTime c = to_civil(t);
  if (c.year < 0 || c.year > 9999) {
    return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z"), c.year, c.month, c.day, c.hour,
                       c.minute, c.second, c.millisecond);
  }
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&](size_t begin, size_t digits, unsigned value) {
    for (size_t at = begin + digits; at-- > begin; value /= 10) text[at] = static_cast<char>('0' + value % 10);
  };
  put(0, 4, static_cast<unsigned>(c.year));
  put(5, 2, c.month);
  put(8, 2, c.day);
  put(11, 2, static_cast<unsigned>(c.hour));
  put(14, 2, static_cast<unsigned>(c.minute));
  put(17, 2, static_cast<unsigned>(c.second));
  put(20, 3, static_cast<unsigned>(c.millisecond));
  return text;
}

std::string format_iso8601_basic(Timestamp t) {
  const CivilTime c = to_civil(t);
  return fmt::format(FMT_COMPILE("{:04}{:02}{:02}T{:02}{:02}{:02}Z"), c.year, c.month, c.day, c.hour, c.minute,
                     c.second);
}

std::string format_http_date(Timestamp t) {
  const CivilTime c = to_civil(t);
  std::string fraction = c.millisecond != 0 ? fmt::format(FMT_COMPILE(".{:03}"), c.millisecond) : "";
  return fmt::format(FMT_COMPILE("{}, {:02} {} {:04} {:02}:{:02}:{:02}{} GMT"), kWeekdays[c.weekday], c.day,
                     kMonths[c.month - 1], c.year, c.hour, c.minute, c.second, fraction);
}

std::string format_epoch_seconds(Timestamp t) {
  const auto total = t.time_since_epoch().count();
  if (total % 1000 == 0) return std::to_string(total / 1000);
  const auto magnitude = total < 0 ? -total : total;
  return fmt::format(FMT_COMPILE("{}{}.{:03}"), total < 0 ? "-" : "", magnitude / 1000, magnitude % 1000);
}

std::optional<Timestamp> parse_iso8601(std::string_view text) {
  Scanner scan(text);
  CivilTime c{};
  c.year = scan.digits(4);
  scan.expect("-");
  c.month = static_cast<unsigned>(scan.digits(2));
  scan.expect("-");
  c.day = static_cast<unsigned>(scan.digits(2));
  if (!scan.accept("T")) scan.expect("t");
  c.hour = scan.digits(2);
  scan.expect(":");
  c.minute = scan.digits(2);
  scan.expect(":");
  c.second = scan.digits(2);
  c.millisecond = scan.fraction();
  minutes offset{0};
  if (!scan.accept("Z") && !scan.accept("z")) {
    const int sign = scan.accept("-") ? -1 : 1;
    if (sign == 1) scan.expect("+");
    const int offset_hours = scan.digits(2);
    scan.expect(":");
    const int offset_minutes = scan.digits(2);
    if (offset_hours > 23 || offset_minutes > 59) return std::nullopt;
    offset = minutes{sign * (offset_hours * 60 + offset_minutes)};
  }
  if (!scan.finished()) return std::nullopt;
  const auto local = from_civil(c);
  if (!local) return std::nullopt;
  return *local - offset;
}

std::optional<Timestamp> parse_iso8601_basic(std::string_view text) {
  Scanner scan(text);
  CivilTime c{};
  c.year = scan.digits(4);
  c.month = static_cast<unsigned>(scan.digits(2));
  c.day = static_cast<unsigned>(scan.digits(2));
  scan.expect("T");
  c.hour = scan.digits(2);
  c.minute = scan.digits(2);
  c.second = scan.digits(2);
  scan.expect("Z");
  if (!scan.finished()) return std::nullopt;
  return from_civil(c);
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
  Scanner scan(text);
  CivilTime c{};
  scan.one_of(kWeekdays);
  scan.expect(", ");
  c.day = static_cast<unsigned>(scan.digits(2));
  scan.expect(" ");
  c.month = scan.one_of(kMonths) + 1;
  scan.expect(" ");
  c.year = scan.digits(4);
  scan.expect(" ");
  c.hour = scan.digits(2);
  scan.expect(":");
  c.minute = scan.digits(2);
  scan.expect(":");
  c.second = scan.digits(2);
  c.millisecond = scan.fraction();
  scan.expect(" ");
  if (!scan.accept("GMT") && !scan.accept("UTC")) scan.expect("+0000");
  if (!scan.finished()) return std::nullopt;
  return from_civil(c);
}

std::optional<Timestamp> parse_epoch_seconds(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return from_epoch_seconds(value);
}

std::optional<Timestamp> from_epoch_seconds(double value) {
  constexpr double kYear9999 = 253402300799.999;
  if (!std::isfinite(value) || value < -62135596800.0 || value > kYear9999) return std::nullopt;
  return Timestamp{milliseconds{std::llround(value * 1000)}};
}

}  // namespace aerolith
