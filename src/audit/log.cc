#include "audit/log.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace aerolith::audit {
namespace {

using std::chrono::steady_clock;

constexpr size_t kWriteBytes = size_t{256} << 10;
constexpr std::chrono::minutes kUpkeepEvery{1};
constexpr std::chrono::seconds kReportEvery{10};

}  // namespace

Log::Log(os::FileSystem& files, LogSettings settings, const Clock& clock)
    : files_(files), settings_(std::move(settings)), clock_(clock) {}

os::Result<std::unique_ptr<Log>> Log::open(os::FileSystem& files, LogSettings settings, const Clock& clock) {
  std::unique_ptr<Log> log(new Log(files, std::move(settings), clock));
  TRY(files.make_directories(log->settings_.folder));
  TRY(log->find_kept());
  TRY(log->ensure_file());
  log->remove_old();
  log->thread_ = std::thread([raw = log.get()] { raw->run(); });
  return log;
}

Log::~Log() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Log::write(std::shared_ptr<const Event> event) { add(std::move(event), Wait::yes); }
void Log::write_now(std::shared_ptr<const Event> event) { add(std::move(event), Wait::no); }

void Log::add(std::shared_ptr<const Event> event, Wait wait) {
  bool wakes = false;
  {
    std::unique_lock lock(mutex_);
    const auto has_room = [this] { return queue_.size() < settings_.queue_events; };
    if (!has_room() && wait == Wait::yes) room_.wait_for(lock, settings_.patience, has_room);
    if (!has_room()) {
      ++lost_;
      return;
    }
    queue_.push_back(std::move(event));
    // Past the first one the writer comes by itself; half a queue is worth coming earlier.
    wakes = std::exchange(is_idle_, false) || queue_.size() == (settings_.queue_events + 1) / 2;
  }
  if (wakes) wake_.notify_one();
}

LogStats Log::stats() const {
  const std::lock_guard lock(mutex_);
  return {.written_events = written_, .lost_events = lost_, .queued_events = queue_.size()};
}

void Log::run() {
  Batch batch;
  std::unique_lock lock(mutex_);
  while (true) {
    is_idle_ = true;
    const bool is_clean = file_ == nullptr || file_->is_synced() || settings_.sync_every.count() == 0;
    const auto longest = is_clean ? std::chrono::milliseconds(kUpkeepEvery) : settings_.sync_every;
    wake_.wait_for(lock, longest, [this] { return stopping_ || !queue_.empty(); });
    is_idle_ = false;
    const auto is_urgent = [this] { return stopping_ || queue_.size() >= (settings_.queue_events + 1) / 2; };
    if (!queue_.empty()) wake_.wait_for(lock, settings_.gather, is_urgent);
    batch.swap(queue_);
    const uint64_t lost = lost_;
    const bool is_last = stopping_;
    lock.unlock();
    room_.notify_all();
    write_batch(batch, lost);
    sync_if_due();
    remove_old();
    report_losses(is_last);
    batch.clear();
    if (is_last) break;
    lock.lock();
  }
  finish_file();
}

void Log::write_batch(const Batch& batch, uint64_t lost) {
  lines_.clear();
  uint64_t events = 0;
  if (lost > told_lost_) append_gap(lines_, clock_.now(), lost - told_lost_);
  const auto write_out = [&] {
    if (write_lines(events)) told_lost_ = lost;
    lines_.clear();
    events = 0;
  };
  for (const auto& event : batch) {
    if (settings_.on_event) settings_.on_event(*event);
    append_event(lines_, *event);
    ++events;
    if (lines_.size() >= kWriteBytes) write_out();
  }
  if (!lines_.empty()) write_out();
}

bool Log::write_lines(uint64_t events) {
  auto done = ensure_file();
  if (done.has_value()) done = file_->append(lines_, events);
  if (!done.has_value()) {
    give_up(events, done.error());
    return false;
  }
  const std::lock_guard lock(mutex_);
  written_ += events;
  return true;
}

// A file that failed may end within a line, and what was not synced by then never will be: the next try makes a new
// one.
void Log::give_up(uint64_t events, const os::Error& error) {
  last_error_ = error.detail;
  if (file_) {
    kept_.push_back({file_->number(), file_->size_bytes(), file_->started()});
    file_.reset();
  }
  const std::lock_guard lock(mutex_);
  lost_ += events;
}

os::Result<> Log::ensure_file() {
  if (file_) {
    const bool is_full = file_->events() > 0 && file_->size_bytes() + lines_.size() > settings_.file_bytes;
    const bool is_old = file_->events() > 0 && clock_.now() - file_->started() >= settings_.file_age;
    if (!is_full && !is_old) return {};
    finish_file();
  }
  file_ = TRY(LogFile::create(files_, settings_.folder, {.number = next_number_++, .started = clock_.now()}));
  return {};
}

void Log::finish_file() {
  if (!file_) return;
  if (const auto done = file_->finish(); !done.has_value()) return give_up(0, done.error());
  kept_.push_back({file_->number(), file_->size_bytes(), file_->started()});
  file_.reset();
}

void Log::sync_if_due() {
  if (!file_ || settings_.sync_every.count() == 0 || file_->is_synced()) return;
  if (steady_clock::now() - last_sync_ < settings_.sync_every) return;
  if (const auto done = file_->sync(); !done.has_value()) {
    // The bytes are written, and may be there or not after a power cut: not counted as lost.
    give_up(0, done.error());
    log_error("audit log: events may be lost in a power cut", {{"what", last_error_}});
  }
  last_sync_ = steady_clock::now();
}

void Log::remove_old() {
  uint64_t total = file_ ? file_->size_bytes() : 0;
  for (const Kept& one : kept_) total += one.size_bytes;
  const Timestamp now = clock_.now();
  size_t gone = 0;
  while (gone < kept_.size()) {
    // Its last event came before the next file began.
    const Timestamp ended = gone + 1 < kept_.size() ? kept_[gone + 1].started : file_ ? file_->started() : now;
    if (total <= settings_.keep_bytes && now - ended <= settings_.keep_age) break;
    const auto removed = files_.remove(settings_.folder + "/" + file_name(kept_[gone].number));
    if (!removed.has_value() && removed.error().code != os::ErrorCode::not_found) {
      log_warning("audit log: can't remove an old file", {{"what", removed.error().detail}});
      break;
    }
    total -= kept_[gone].size_bytes;
    ++gone;
  }
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(gone));
}

void Log::report_losses(bool is_last) {
  uint64_t lost = 0;
  {
    const std::lock_guard lock(mutex_);
    lost = lost_;
  }
  if (lost == reported_lost_) return;
  if (!is_last && steady_clock::now() - last_report_ < kReportEvery) return;
  log_error("audit log: EVENTS LOST",
            {{"events", std::to_string(lost - reported_lost_)},
             {"why", last_error_.empty() ? "the disk takes them slower than they come" : last_error_}});
  last_error_.clear();
  reported_lost_ = lost;
  last_report_ = steady_clock::now();
}

os::Result<> Log::find_kept() {
  for (const uint64_t number : TRY(list_files(files_, settings_.folder))) {
    const std::string path = settings_.folder + "/" + file_name(number);
    next_number_ = number + 1;
    const auto head = read_file_head(files_, path);
    const auto file = files_.open(path, os::OpenMode::read);
    const uint64_t size = file.has_value() ? (*file)->size().value_or(0) : 0;
    // One whose head can't be read is as young as its neighbour.
    const Timestamp neighbour = kept_.empty() ? clock_.now() : kept_.back().started;
    kept_.push_back({number, size, head ? head->started : neighbour});
  }
  return {};
}

}  // namespace aerolith::audit
