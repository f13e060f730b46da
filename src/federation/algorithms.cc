#include "federation/algorithms.h"

#include <array>

namespace aerolith::federation {
namespace {

constexpr std::array<Curve, 3> kCurves = {{{"P-256", "P-256", 256, 32, SignatureAlgorithm::es256},
                                           {"P-384", "P-384", 384, 48, SignatureAlgorithm::es384},
                                           {"P-521", "P-521", 521, 66, SignatureAlgorithm::es512}}};

}  // namespace

const Curve* curve_of(SignatureAlgorithm algorithm) {
  for (const Curve& curve : kCurves) {
    if (curve.algorithm == algorithm) return &curve;
  }
  return nullptr;
}

const Curve* find_curve(std::string_view name) {
  for (const Curve& curve : kCurves) {
    if (curve.name == name) return &curve;
  }
  return nullptr;
}

const EVP_MD* digest_of(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::rs256:
    case SignatureAlgorithm::ps256:
    case SignatureAlgorithm::es256:
      return EVP_sha256();
    case SignatureAlgorithm::rs384:
    case SignatureAlgorithm::ps384:
    case SignatureAlgorithm::es384:
      return EVP_sha384();
    case SignatureAlgorithm::rs512:
    case SignatureAlgorithm::ps512:
    case SignatureAlgorithm::es512:
      return EVP_sha512();
  }
  return nullptr;
}

bool is_pss(SignatureAlgorithm algorithm) {
  return algorithm == SignatureAlgorithm::ps256 || algorithm == SignatureAlgorithm::ps384 ||
         algorithm == SignatureAlgorithm::ps512;
}

}  // namespace aerolith::federation
