// The lines of the audit log, one JSON object each: docs/formats/audit.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/event.h"

namespace aerolith::audit {

inline constexpr int64_t kFormat = 1;

// What begins a file, and says how to read it.
struct FileHead {
  int64_t format = kFormat;
  uint64_t number = 0;
  Timestamp started;
};

// Each is added with its line break.
void append_head(std::string& out, const FileHead& head);
void append_event(std::string& out, const Event& event);
// So many events are missing here.
void append_gap(std::string& out, Timestamp now, uint64_t lost);
// The last line of a file that was finished: how many events it has, and the CRC64-NVME of all bytes before this line.
void append_end(std::string& out, uint64_t events, uint64_t checksum);

enum class LineKind : uint8_t { head, event, gap, end, damaged };

struct Line {
  LineKind kind = LineKind::damaged;
  std::string text;    // as it stands there, without its line break
  Entry entry;         // of an event
  FileHead head;       // of a head
  uint64_t count = 0;  // lost events of a gap, events of an end
  uint64_t checksum = 0;
  std::string problem;  // of a damaged one: what is wrong, for a person
};

// Any bytes may come: what is no line of ours is `damaged`.
Line parse_line(std::string_view text);

}  // namespace aerolith::audit
