// Events and clocks for tests of this room.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "audit/event.h"
#include "audit/reader.h"

namespace aerolith::audit {

class HandClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(std::chrono::milliseconds(millis_.load())); }
  void advance(std::chrono::milliseconds by) { millis_ += by.count(); }

 private:
  std::atomic<int64_t> millis_ = 1'800'000'000'000;
};

inline std::shared_ptr<Event> make_event(std::string request_id) {
  auto event = std::make_shared<Event>();
  event->time = Timestamp(std::chrono::milliseconds(1'800'000'000'123));
  event->request_id = std::move(request_id);
  event->service = "s3";
  event->operation = "GetObject";
  event->outcome = Outcome::allowed;
  event->status = 200;
  event->peer = "127.0.0.1";
  event->method = "GET";
  event->target = "/bucket/key";
  return event;
}

// All lines there are, in order.
inline std::vector<Line> read_all(os::FileSystem& files, const std::string& folder) {
  std::vector<Line> lines;
  Follower follower = Follower::from_file(files, folder, 1);
  while (auto line = follower.next().value()) lines.push_back(*std::move(line));
  return lines;
}

inline std::vector<std::string> ids_of(const std::vector<Line>& lines) {
  std::vector<std::string> ids;
  for (const Line& line : lines) {
    if (line.kind == LineKind::event) ids.push_back(line.entry.request_id);
  }
  return ids;
}

}  // namespace aerolith::audit
