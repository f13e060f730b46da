#include "http/server.h"

#include <algorithm>
#include <utility>

#include "http/edge.h"
#include "http/io_thread.h"
#include "http/listener.h"
#include "http/tls_context.h"

namespace aerolith::http {
namespace {

class EdgeServer final : public Server {
 public:
  EdgeServer(ServerSettings settings, RequestHandler& handler, std::unique_ptr<TlsContext> tls)
      : edge_(std::move(settings), handler, std::move(tls)) {
    const size_t count = std::max<size_t>(edge_.settings.io_threads, 1);
    for (size_t i = 0; i < count; ++i) threads_.push_back(std::make_unique<IoThread>(edge_));
  }
  ~EdgeServer() override { stop(); }

  Result<void, ServerError> start() {
    for (const std::string& address : edge_.settings.listen) {
      listeners_.push_back(TRY(Listener::bind(address, edge_, threads_)));
    }
    for (const auto& listener : listeners_) listener->start();
    for (const auto& thread : threads_) thread->start();
    is_running_ = true;
    return {};
  }

  std::vector<std::string> addresses() const override {
    std::vector<std::string> all;
    for (const auto& listener : listeners_) all.push_back(listener->address());
    return all;
  }

  ServerStats stats() const override {
    return {.open_connections = edge_.open_connections,
            .accepted_connections = edge_.accepted_connections,
            .running_handlers = edge_.pool.running(),
            .queued_requests = edge_.pool.queued(),
            .rejected_requests = edge_.rejected_requests};
  }

  Result<void, ServerError> adopt(int descriptor, std::string label) override {
    const std::lock_guard lock(life_mutex_);
    auto listener = TRY(Listener::adopt(descriptor, std::move(label), edge_, threads_));
    if (!is_running_) return fail(ServerErrorCode::bind_failed, "the server has stopped");
    listener->start();
    adopted_.push_back(std::move(listener));
    return {};
  }

  void drop(const std::string& label) override {
    const std::lock_guard lock(life_mutex_);
    if (!is_running_) return;
    const auto is_meant = [&](const auto& listener) { return listener->label() == label; };
    for (const auto& listener : adopted_) {
      if (is_meant(listener)) listener->stop();
    }
    std::erase_if(adopted_, is_meant);
    // What was accepted before is with its thread by now, or in front of this in its queue.
    for (const auto& thread : threads_) thread->abort_connections(label);
  }

  void stop() override {
    const std::lock_guard lock(life_mutex_);
    if (!std::exchange(is_running_, false)) return;
    edge_.is_stopping = true;
    for (const auto& listener : listeners_) listener->stop();
    for (const auto& listener : adopted_) listener->stop();
    for (const auto& thread : threads_) thread->stop_connections();
    {
      std::unique_lock waiting(edge_.mutex);
      edge_.all_closed.wait_for(waiting, edge_.settings.stop_deadline, [this] { return edge_.open_connections == 0; });
    }
    // Connections go first: a handler that waits for its body then ends with an error.
    for (const auto& thread : threads_) thread->abort_connections();
    edge_.pool.stop();
    for (const auto& thread : threads_) thread->join();
  }

 private:
  std::mutex life_mutex_;
  bool is_running_ = false;
  Edge edge_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::vector<std::shared_ptr<Listener>> adopted_;
};

}  // namespace

Result<std::unique_ptr<Server>, ServerError> Server::start(ServerSettings settings, RequestHandler& handler) {
  std::unique_ptr<TlsContext> tls;
  if (!settings.tls.certificate_file.empty()) tls = TRY(TlsContext::load(settings.tls));
  auto server = std::make_unique<EdgeServer>(std::move(settings), handler, std::move(tls));
  TRY(server->start());
  return server;
}

}  // namespace aerolith::http
