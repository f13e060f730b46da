#include "http/client_tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/encoding.h"

namespace aerolith::http {
namespace {

using Code = ClientErrorCode;

template <typename T, void (*release)(T*)>
struct Release {
  void operator()(T* object) const { release(object); }
};
template <typename T, void (*release)(T*)>
using Owned = std::unique_ptr<T, Release<T, release>>;
using Context = Owned<SSL_CTX, SSL_CTX_free>;
using Session = Owned<SSL, SSL_free>;

std::string last_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// What the certificate has to say of the server.
bool expect_host(X509_VERIFY_PARAM* expected, const std::string& host) {
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size()) == 1;
}

std::string thumbprint(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  if (X509_digest(certificate, EVP_sha1(), bytes.data(), &size) != 1) return {};
  return hex_encode({reinterpret_cast<const char*>(bytes.data()), size});
}

class TlsStream final : public ClientStream {
 public:
  TlsStream(ClientSocket socket, Session session) : socket_(std::move(socket)), session_(std::move(session)) {}

  Result<void, ClientError> shake_hands(SteadyTime deadline) {
    while (true) {
      ERR_clear_error();
      const int result = SSL_connect(session_.get());
      if (result == 1) return {};
      if (!TRY(wait_after(result, deadline))) return fail(Code::disconnected, "no TLS there: " + last_error());
    }
  }

  Result<size_t, ClientError> read(char* into, size_t size, SteadyTime deadline) override {
    while (true) {
      ERR_clear_error();
      size_t got = 0;
      const int result = SSL_read_ex(session_.get(), into, size, &got);
      if (result == 1) return got;
      if (SSL_get_error(session_.get(), result) == SSL_ERROR_ZERO_RETURN) return size_t{0};
      if (!TRY(wait_after(result, deadline))) return fail(Code::disconnected, "the TLS connection broke");
    }
  }

  Result<void, ClientError> write_all(std::string_view bytes, SteadyTime deadline) override {
    while (!bytes.empty()) {
      ERR_clear_error();
      size_t sent = 0;
      const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &sent);
      if (result == 1) {
        bytes.remove_prefix(sent);
      } else if (!TRY(wait_after(result, deadline))) {
        return {};
      }
    }
    return {};
  }

  SSL* session() const { return session_.get(); }

 private:
  // Until the step that had this result can go on; false where it never will.
  Result<bool, ClientError> wait_after(int result, SteadyTime deadline) const {
    const int why = SSL_get_error(session_.get(), result);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return false;
    if (socket_.wait(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline)) return true;
    return fail(Code::timed_out, "no answer in time");
  }

  ClientSocket socket_;
  Session session_;
};

// The certificate is judged after the handshake, before anything is sent: SSL_VERIFY_NONE only says that a wrong one
// doesn't end the handshake, so that thumbprints can be asked.
Result<std::unique_ptr<TlsStream>, ClientError> start(ClientSocket socket, const std::string& host,
                                                      const std::string& ca_file, SteadyTime deadline) {
  const Context context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return fail(Code::untrusted, "cannot start TLS: " + last_error());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_default_verify_paths(context.get());
  if (!ca_file.empty() && SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) {
    return fail(Code::untrusted, fmt::format("cannot read the certificates in {}: {}", ca_file, last_error()));
  }
  Session session(SSL_new(context.get()));
  if (session == nullptr || !expect_host(SSL_get0_param(session.get()), host) ||
      (!is_address(host) && SSL_set_tlsext_host_name(session.get(), host.c_str()) != 1) ||
      SSL_set_fd(session.get(), socket.descriptor()) != 1) {
    return fail(Code::untrusted, "cannot start TLS: " + last_error());
  }
  auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(session));
  TRY(stream->shake_hands(deadline));
  return stream;
}

// Whether the chain leads to `anchor`, one of its own certificates, in all other respects as it must be.
bool leads_to(SSL* session, const std::string& host, X509* anchor) {
  const Owned<X509, X509_free> leaf(SSL_get1_peer_certificate(session));
  const Owned<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
  if (!leaf || !store || !check || X509_STORE_add_cert(store.get(), anchor) != 1 ||
      X509_STORE_CTX_init(check.get(), store.get(), leaf.get(), SSL_get_peer_cert_chain(session)) != 1) {
    return false;
  }
  X509_VERIFY_PARAM* const expected = X509_STORE_CTX_get0_param(check.get());
  X509_VERIFY_PARAM_set_flags(expected, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_purpose(expected, X509_PURPOSE_SSL_SERVER);
  return expect_host(expected, host) && X509_verify_cert(check.get()) == 1;
}

bool has_known_thumbprint(SSL* session, const std::string& host, const std::vector<std::string>& thumbprints) {
  STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(session);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* const certificate = sk_X509_value(chain, i);
    if (std::ranges::find(thumbprints, thumbprint(certificate)) == thumbprints.end()) continue;
    if (leads_to(session, host, certificate)) return true;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<ClientStream>, ClientError> make_tls_stream(ClientSocket socket, const std::string& host,
                                                                   const TlsTrust& trust, SteadyTime deadline) {
  std::unique_ptr<TlsStream> stream = TRY(start(std::move(socket), host, trust.ca_file, deadline));
  const long verdict = SSL_get_verify_result(stream->session());
  if (SSL_get0_peer_certificate(stream->session()) == nullptr) {
    return fail(Code::untrusted, "the server shows no certificate");
  }
  if (verdict != X509_V_OK && !has_known_thumbprint(stream->session(), host, trust.thumbprints)) {
    return fail(Code::untrusted, fmt::format("{}: {}", host, X509_verify_cert_error_string(verdict)));
  }
  return std::unique_ptr<ClientStream>(std::move(stream));
}

Result<std::string, ClientError> read_top_thumbprint(ClientSocket socket, const std::string& host,
                                                     SteadyTime deadline) {
  const std::unique_ptr<TlsStream> stream = TRY(start(std::move(socket), host, {}, deadline));
  STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(stream->session());
  const int size = sk_X509_num(chain);
  if (size <= 0) return fail(Code::untrusted, "the server shows no certificate");
  return thumbprint(sk_X509_value(chain, size - 1));
}

}  // namespace aerolith::http
