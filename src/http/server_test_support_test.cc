// What the server tests share; named so that only the test program has it.
#include "http/server_test_support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/encoding.h"

namespace aerolith::http::testing_support {
namespace {

constexpr timeval kReadLimit{20, 0};
SSL_SESSION* g_session = nullptr;  // of the last TLS client; tests run one after another

int keep_session(SSL*, SSL_SESSION* session) {
  if (g_session != nullptr) SSL_SESSION_free(g_session);
  g_session = session;
  return 1;
}

}  // namespace

Response text_response(std::string body, int status) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain");
  response.body = std::move(body);
  return response;
}

Response FunctionHandler::overloaded(const RequestHead& head) {
  return text_response("overloaded " + head.target, 503);
}

Response FunctionHandler::bad_request(int status, std::string_view reason, std::string_view) {
  return text_response(std::string(reason), status);
}

ServerSettings test_settings() {
  ServerSettings settings;
  settings.listen = {"127.0.0.1:0"};
  settings.handler_threads = 8;
  return settings;
}

TestServer::TestServer(std::function<Response(Request&)> on_request, ServerSettings settings) {
  handler.on_request = std::move(on_request);
  auto started = Server::start(std::move(settings), handler);
  if (!started.has_value()) {
    ADD_FAILURE() << started.error().detail;
    return;
  }
  server = std::move(*started);
  const std::string address = server->addresses().front();
  port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

TestServer::~TestServer() {
  if (server) server->stop();
}

Client::Client(uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &kReadLimit, sizeof(kReadLimit));
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
}

Client::~Client() {
  if (tls_ != nullptr) {
    SSL_shutdown(tls_);  // else the session counts as broken and is never offered again
    SSL_free(tls_);
  }
  if (tls_context_ != nullptr) SSL_CTX_free(tls_context_);
  close();
}

bool Client::start_tls() {
  tls_context_ = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_session_cache_mode(tls_context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(tls_context_, keep_session);
  tls_ = SSL_new(tls_context_);
  if (g_session != nullptr) SSL_set_session(tls_, g_session);
  SSL_set_fd(tls_, descriptor_);
  return SSL_connect(tls_) == 1;
}

bool Client::is_session_resumed() const { return SSL_session_reused(tls_) == 1; }

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = 0;
    if (tls_ != nullptr) {
      sent = SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()));
    } else {
      sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string Client::receive_some(size_t limit_bytes) {
  std::string bytes(limit_bytes, '\0');
  ssize_t got = 0;
  if (tls_ != nullptr) {
    got = SSL_read(tls_, bytes.data(), static_cast<int>(bytes.size()));
  } else {
    got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
  }
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return bytes;
}

bool Client::fill() {
  const std::string bytes = receive_some(64 * 1024);
  input_ += bytes;
  return !bytes.empty();
}

std::string Client::receive_head() {
  size_t end = 0;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return {};
  }
  std::string head = input_.substr(0, end + 4);
  input_.erase(0, end + 4);
  return head;
}

Answer Client::receive(bool is_head_request) {
  Answer answer;
  answer.head = receive_head();
  if (answer.head.empty()) return answer;
  answer.status = std::stoi(answer.head.substr(9, 3));
  for (size_t at = answer.head.find("\r\n") + 2; at + 2 < answer.head.size();) {
    const size_t end = answer.head.find("\r\n", at);
    const std::string line = answer.head.substr(at, end - at);
    const size_t colon = line.find(": ");
    answer.fields[to_lower(line.substr(0, colon))] = line.substr(colon + 2);
    at = end + 2;
  }
  const auto told = answer.fields.find("content-length");
  const bool has_body = told != answer.fields.end() && !is_head_request && answer.status != 304;
  const size_t size = has_body ? std::stoull(told->second) : 0;
  while (input_.size() < size && fill()) continue;
  answer.is_whole = input_.size() >= size;
  answer.body = input_.substr(0, size);
  input_.erase(0, size);
  return answer;
}

bool Client::sees_close() {
  errno = 0;
  return input_.empty() && receive_some(1).empty() && errno != EAGAIN;
}

void Client::half_close() { ::shutdown(descriptor_, SHUT_WR); }

void Client::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

bool eventually(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < limit) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return condition();
}

CertificateFolder::CertificateFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "aerolith-http-XXXXXX").string();
  path = ::mkdtemp(name.data());
  settings.certificate_file = path + "/certificate.pem";
  settings.key_file = path + "/key.pem";
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                             0);
  X509_set_issuer_name(certificate, subject);
  EXPECT_NE(X509_sign(certificate, key, EVP_sha256()), 0);
  FILE* file = std::fopen(settings.key_file.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  file = std::fopen(settings.certificate_file.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

CertificateFolder::~CertificateFolder() {
  std::filesystem::remove_all(path);
  if (g_session != nullptr) SSL_SESSION_free(std::exchange(g_session, nullptr));
}

std::move_only_function<void(uint64_t, bool)> SentReports::callback() {
  return [this](uint64_t body_bytes, bool complete) {
    const std::lock_guard lock(mutex_);
    reports_.push_back({body_bytes, complete});
  };
}

std::vector<SentReport> SentReports::all() {
  const std::lock_guard lock(mutex_);
  return reports_;
}

SentReport SentReports::only() {
  EXPECT_TRUE(eventually([this] { return !all().empty(); }));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto reports = all();
  EXPECT_EQ(reports.size(), 1u);
  return reports.empty() ? SentReport{} : reports.front();
}

}  // namespace aerolith::http::testing_support
