#include "http/io_thread.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <utility>

#include "http/connection.h"
#include "http/signals.h"

namespace aerolith::http {
namespace {

using std::chrono::milliseconds;

// Deadlines are kept to about an eighth of the shortest.
milliseconds tick_for(const ServerSettings& settings) {
  const milliseconds shortest = std::min({settings.head_deadline, settings.idle_deadline, settings.stall_deadline});
  return std::clamp(shortest / 8, milliseconds(5), milliseconds(250));
}

Connection& connection_of(DeadlineWheel::Entry& entry) { return static_cast<Connection&>(entry); }

}  // namespace

IoThread::IoThread(Edge& edge)
    : edge_(edge),
      work_(boost::asio::make_work_guard(context_)),
      timer_(context_),
      wheel_(tick_for(edge.settings)),
      scratch_(std::make_unique_for_overwrite<char[]>(kScratchBytes)) {}

IoThread::~IoThread() { join(); }

void IoThread::start() {
  thread_ = std::thread([this] {
    block_signals();
    context_.run();
  });
}

void IoThread::join() {
  if (!thread_.joinable()) return;
  boost::asio::post(context_, [this] {
    timer_.cancel();
    work_.reset();
  });
  thread_.join();
}

void IoThread::adopt(int descriptor, std::string peer_address, std::string listener) {
  boost::asio::dispatch(context_,
                        [this, descriptor, peer = std::move(peer_address), listener = std::move(listener)]() mutable {
                          std::make_shared<Connection>(*this, std::move(peer), std::move(listener))->start(descriptor);
                        });
}

void IoThread::stop_connections() {
  boost::asio::post(context_,
                    [this] { wheel_.for_each([](DeadlineWheel::Entry& entry) { connection_of(entry).stop(); }); });
}

void IoThread::abort_connections() {
  std::promise<void> done;
  boost::asio::post(context_, [this, &done] {
    wheel_.for_each([](DeadlineWheel::Entry& entry) { connection_of(entry).close(); });
    done.set_value();
  });
  done.get_future().wait();
}

void IoThread::abort_connections(const std::string& listener) {
  std::promise<void> done;
  boost::asio::post(context_, [this, &listener, &done] {
    wheel_.for_each([&](DeadlineWheel::Entry& entry) {
      if (connection_of(entry).listener() == listener) connection_of(entry).close();
    });
    done.set_value();
  });
  done.get_future().wait();
}

void IoThread::add(DeadlineWheel::Entry& connection) {
  wheel_.add(connection);
  arm_timer();
}

void IoThread::set_deadline(DeadlineWheel::Entry& connection, milliseconds from_now) {
  wheel_.set(connection, std::chrono::steady_clock::now() + from_now);
}

void IoThread::submit_later(std::shared_ptr<Connection> connection) {
  ready_.push_back(std::move(connection));
  // Runs behind what the last wait for events brought.
  if (ready_.size() == 1) boost::asio::post(context_, [this] { submit_ready(); });
}

void IoThread::submit_ready() {
  const std::vector<std::shared_ptr<Connection>> ready = std::exchange(ready_, {});
  std::vector<std::shared_ptr<Connection>> submitted;
  std::vector<HandlerPool::Task> tasks;
  submitted.reserve(ready.size());
  tasks.reserve(ready.size());
  for (const auto& connection : ready) {
    HandlerPool::Task task = connection->make_task();
    if (!task) continue;
    tasks.push_back(std::move(task));
    submitted.push_back(connection);
  }
  for (size_t i = edge_.pool.try_submit(tasks); i < submitted.size(); ++i) submitted[i]->refused();
}

void IoThread::arm_timer() {
  if (is_timer_armed_ || wheel_.is_empty()) return;
  is_timer_armed_ = true;
  timer_.expires_after(wheel_.tick());
  timer_.async_wait([this](const boost::system::error_code& error) {
    is_timer_armed_ = false;
    if (error) return;
    wheel_.advance(std::chrono::steady_clock::now(),
                   [](DeadlineWheel::Entry& entry) { connection_of(entry).deadline_passed(); });
    arm_timer();
  });
}

}  // namespace aerolith::http
