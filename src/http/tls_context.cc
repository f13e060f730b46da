#include "http/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <string>
#include <string_view>

namespace aerolith::http {
namespace {

std::string last_tls_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

std::unexpected<ServerError> bad_certificate(std::string_view what, std::string_view file) {
  std::string detail(what);
  if (!file.empty()) detail.append(" ").append(file);
  return fail(ServerErrorCode::bad_certificate, detail.append(": ").append(last_tls_error()));
}

// HTTP/1.1 is all we speak. A client that offers only something else gets no answer to its offer.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, kOurs, sizeof(kOurs) - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// Runs once the hello has been read. Whoever names nothing, or nothing of ours, gets the certificate of the context.
int choose_certificate(SSL* tls, void* names) {
  const char* const name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) static_cast<NameCertificates*>(names)->use_for(tls, name);
  return 1;
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Result<std::unique_ptr<TlsContext>, ServerError> TlsContext::load(const TlsSettings& settings) {
  auto loaded = std::make_unique<TlsContext>();
  loaded->context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = loaded->context_.get();
  if (context == nullptr) return bad_certificate("cannot start TLS", "");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    return bad_certificate("no cipher suite for TLS 1.2", "");
  }
  // Sessions are resumed by tickets, which hold their state at the client.
  static constexpr unsigned char kSessionContext[] = "aerolith";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof(kSessionContext) - 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);

  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate_file.c_str()) != 1) {
    return bad_certificate("cannot use the certificate", settings.certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context, settings.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return bad_certificate("cannot use the key", settings.key_file);
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return bad_certificate("the key does not belong to the certificate", settings.certificate_file);
  }
  if (settings.names != nullptr) {
    loaded->names_ = std::make_unique<NameCertificates>(*settings.names, settings.kept_names);
    SSL_CTX_set_cert_cb(context, choose_certificate, loaded->names_.get());
  }
  return loaded;
}

}  // namespace aerolith::http
