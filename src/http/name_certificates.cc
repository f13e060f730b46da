#include "http/name_certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <utility>

#include "base/log.h"

namespace aerolith::http {
namespace {

// Far below what a certificate lives. By the wall clock: a laptop sleeps for weeks.
constexpr std::chrono::hours kKeep{24};

template <auto free_function>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
void free_chain(STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); }

using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Chain = std::unique_ptr<STACK_OF(X509), Free<free_chain>>;
using Bytes = std::unique_ptr<BIO, Free<BIO_free_all>>;

Bytes open_text(const std::string& text) { return Bytes(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

}  // namespace

struct NameCertificates::Parsed {
  Certificate leaf;
  Key key;
  Chain chain;

  // Null where the text is none.
  static std::shared_ptr<const Parsed> parse(const IssuedCertificate& issued) {
    auto parsed = std::make_shared<Parsed>();
    const Bytes certificates = open_text(issued.certificate_pem);
    parsed->leaf.reset(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
    parsed->chain.reset(sk_X509_new_null());
    while (parsed->chain != nullptr) {
      X509* next = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr);
      if (next == nullptr) break;
      if (sk_X509_push(parsed->chain.get(), next) == 0) {
        X509_free(next);
        return nullptr;
      }
    }
    const Bytes key = open_text(issued.key_pem);
    parsed->key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();  // the end of the chain is one
    if (parsed->leaf == nullptr || parsed->key == nullptr || parsed->chain == nullptr) return nullptr;
    return parsed;
  }
};

NameCertificates::NameCertificates(CertificateSource& source, size_t capacity) : source_(source), capacity_(capacity) {}
NameCertificates::~NameCertificates() = default;

bool NameCertificates::use_for(ssl_st* tls, std::string_view server_name) {
  const std::string subject = source_.subject_of(server_name);
  if (subject.empty()) return false;
  std::shared_ptr<const Parsed> found = find(subject);
  if (found == nullptr) {
    const auto issued = source_.issue(subject);
    if (issued) found = Parsed::parse(*issued);
    if (found == nullptr) {
      log_warning("no certificate for a name", {{"name", subject}});
      return false;
    }
    keep({subject, found, std::chrono::system_clock::now()});
  }
  const int good = SSL_use_cert_and_key(tls, found->leaf.get(), found->key.get(), found->chain.get(), 1);
  ERR_clear_error();
  return good == 1;
}

size_t NameCertificates::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::shared_ptr<const NameCertificates::Parsed> NameCertificates::find(const std::string& subject) {
  const std::lock_guard lock(mutex_);
  const auto found = by_subject_.find(subject);
  if (found == by_subject_.end()) return nullptr;
  const auto age = std::chrono::system_clock::now() - found->second->made;
  if (age > kKeep || age < -kKeep) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->certificate;
}

void NameCertificates::keep(Entry entry) {
  const std::lock_guard lock(mutex_);
  const auto before = by_subject_.find(entry.subject);
  if (before != by_subject_.end()) {
    const auto old = before->second;
    by_subject_.erase(before);
    entries_.erase(old);
  }
  entries_.push_front(std::move(entry));
  by_subject_.emplace(entries_.front().subject, entries_.begin());
  if (entries_.size() <= capacity_) return;
  by_subject_.erase(entries_.back().subject);
  entries_.pop_back();
}

}  // namespace aerolith::http
