// Certificates by the name that a client asks for (SNI), made when first asked for and kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/server.h"

struct ssl_st;

namespace aerolith::http {

// At most `capacity` are kept, those used last. Safe from any thread.
class NameCertificates {
 public:
  // `source` must outlive this.
  NameCertificates(CertificateSource& source, size_t capacity);
  ~NameCertificates();

  // Gives a handshake the certificate of `server_name`. False: it has none, and the server's own stays.
  bool use_for(ssl_st* tls, std::string_view server_name);

  size_t size() const;

 private:
  struct Parsed;
  struct Entry {
    std::string subject;
    std::shared_ptr<const Parsed> certificate;
    std::chrono::system_clock::time_point made;
  };

  std::shared_ptr<const Parsed> find(const std::string& subject);
  void keep(Entry entry);

  CertificateSource& source_;
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // used last first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_subject_;
};

}  // namespace aerolith::http
