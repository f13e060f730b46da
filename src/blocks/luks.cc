// The head, all integers big-endian: "LUKS\xba\xbe", version (u16), cipher, mode and hash (32 characters each), payload
// (u32), bytes of the key (u32), digest of the key (20), its salt (32) and iterations (u32), id (40), then eight slots:
// whether it is used (u32), iterations (u32), salt (32), first sector of its material (u32), stripes (u32).
#include "blocks/luks.h"

#include <openssl/evp.h>

#include <array>
#include <new>
#include <stdexcept>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/random.h"
#include "blocks/big_endian.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kLuksMagic{"LUKS\xba\xbe", 6};
constexpr size_t kLuksHeadBytes = 592;
constexpr size_t kKeyBytes = 64;  // two keys of AES-256
constexpr size_t kSlots = 8;
constexpr size_t kSlotBytes = 48;
constexpr size_t kFirstSlot = 208;
constexpr uint64_t kIsUsed = 0x00AC'71F3;
constexpr uint64_t kMostIterations = 50'000'000;
constexpr uint64_t kMostStripes = 8192;

std::string_view text_at(std::string_view head, size_t place) {
  const std::string_view field = head.substr(place, 32);
  return field.substr(0, field.find('\0'));
}

std::unexpected<VolumeError> corrupt_header(std::string_view what) {
  return std::unexpected(VolumeError{VolumeErrorCode::corrupt, "an encrypted disk's head " + std::string(what)});
}

std::string stretch(std::string_view secret, std::string_view salt, uint64_t iterations, size_t bytes) {
  std::string key(bytes, '\0');
  if (PKCS5_PBKDF2_HMAC(secret.data(), static_cast<int>(secret.size()),
                        reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
                        static_cast<int>(iterations), EVP_sha256(), static_cast<int>(bytes),
                        reinterpret_cast<unsigned char*>(key.data())) != 1) {
    throw std::runtime_error("PBKDF2 failed");
  }
  return key;
}

// Each part of as many bytes as the hash has, hashed with its number.
std::string diffuse(std::string_view bytes) {
  std::string result;
  for (uint32_t part = 0; result.size() < bytes.size(); ++part) {
    std::string numbered;
    for (int shift = 24; shift >= 0; shift -= 8) numbered.push_back(static_cast<char>(part >> shift & 0xFF));
    numbered += bytes.substr(result.size(), 32);
    result += digest(DigestKind::sha256, numbered).substr(0, bytes.size() - result.size());
  }
  return result;
}

// The anti-forensic splitter's way back.
std::string merge(std::string_view material, uint64_t stripes) {
  std::string key(kKeyBytes, '\0');
  for (uint64_t stripe = 0; stripe < stripes; ++stripe) {
    for (size_t byte = 0; byte < kKeyBytes; ++byte) {
      key[byte] = static_cast<char>(key[byte] ^ material[stripe * kKeyBytes + byte]);
    }
    if (stripe + 1 < stripes) key = diffuse(key);
  }
  return key;
}

Result<std::string> open_slot(std::string_view head, std::string_view slot, std::string_view secret) {
  const uint64_t iterations = big_endian(slot.substr(4, 4));
  const uint64_t place = big_endian(slot.substr(40, 4)) * kSectorBytes;
  const uint64_t stripes = big_endian(slot.substr(44, 4));
  if (iterations == 0 || iterations > kMostIterations || stripes == 0 || stripes > kMostStripes) {
    return corrupt_header("has an impossible slot");
  }
  const uint64_t bytes = stripes * kKeyBytes;
  if (bytes % kSectorBytes != 0 || place > head.size() || head.size() - place < bytes) {
    return corrupt_header("ends before a slot's material does");
  }
  std::string material(head.substr(place, bytes));
  SectorCipher(stretch(secret, slot.substr(8, 32), iterations, kKeyBytes)).decrypt(0, material);
  return merge(material, stripes);
}

void append_integer(std::string& out, uint64_t value, size_t bytes) {
  for (size_t byte = bytes; byte-- > 0;) out.push_back(static_cast<char>(value >> (8 * byte) & 0xFF));
}

void append_text(std::string& out, std::string_view text, size_t bytes) {
  out += text;
  out.append(bytes - text.size(), '\0');
}

// All stripes but the last are random, and without one of them the key can't be told.
std::string split(std::string_view key, uint64_t stripes) {
  std::string material = random_bytes((stripes - 1) * kKeyBytes);
  std::string last(kKeyBytes, '\0');
  for (uint64_t stripe = 0; stripe + 1 < stripes; ++stripe) {
    for (size_t byte = 0; byte < kKeyBytes; ++byte) {
      last[byte] = static_cast<char>(last[byte] ^ material[stripe * kKeyBytes + byte]);
    }
    last = diffuse(last);
  }
  for (size_t byte = 0; byte < kKeyBytes; ++byte) last[byte] = static_cast<char>(last[byte] ^ key[byte]);
  return material + last;
}

}  // namespace

// As QEMU lays it out: eight slots, of which one is used, each with room for its material.
LuksHead make_luks(std::string_view secret) {
  constexpr uint64_t kIterations = 1000;  // the least that the specification has
  constexpr uint64_t kStripes = 4000;
  constexpr uint64_t kPart = 4096;
  constexpr uint64_t kIsUnused = 0xDEAD;
  constexpr uint64_t kMaterialBytes = (kStripes * kKeyBytes + kPart - 1) / kPart * kPart;
  constexpr uint64_t kAllBytes = kPart + kSlots * kMaterialBytes;
  LuksHead made{.bytes = kAllBytes, .key = random_bytes(kKeyBytes)};
  const std::string digest_salt = random_bytes(32);
  const std::string slot_salt = random_bytes(32);
  std::string& head = made.head;
  head = kLuksMagic;
  append_integer(head, 1, 2);
  append_text(head, "aes", 32);
  append_text(head, "xts-plain64", 32);
  append_text(head, "sha256", 32);
  append_integer(head, kAllBytes / kSectorBytes, 4);
  append_integer(head, kKeyBytes, 4);
  head += stretch(made.key, digest_salt, kIterations, 20);
  head += digest_salt;
  append_integer(head, kIterations, 4);
  append_text(head, random_hex(32), 40);  // an id, which nothing asks for
  for (uint64_t slot = 0; slot < kSlots; ++slot) {
    append_integer(head, slot == 0 ? kIsUsed : kIsUnused, 4);
    append_integer(head, slot == 0 ? kIterations : 0, 4);
    append_text(head, slot == 0 ? std::string_view(slot_salt) : std::string_view(), 32);
    append_integer(head, (kPart + slot * kMaterialBytes) / kSectorBytes, 4);
    append_integer(head, kStripes, 4);
  }
  head.resize(kPart, '\0');
  std::string material = split(made.key, kStripes);
  SectorCipher(stretch(secret, slot_salt, kIterations, kKeyBytes)).encrypt(0, material);
  head += material;
  return made;
}

Result<std::string> open_luks(std::string_view head, std::string_view secret) {
  if (head.size() < kLuksHeadBytes || !head.starts_with(kLuksMagic)) return corrupt_header("isn't one of LUKS");
  if (big_endian(head.substr(6, 2)) != 1) return corrupt_header("is of an unknown version");
  const bool is_ours = text_at(head, 8) == "aes" && text_at(head, 40) == "xts-plain64" &&
                       text_at(head, 72) == "sha256" && big_endian(head.substr(108, 4)) == kKeyBytes;
  if (!is_ours) return corrupt_header("names another cipher than ours");
  const uint64_t iterations = big_endian(head.substr(164, 4));
  if (iterations == 0 || iterations > kMostIterations) return corrupt_header("has an impossible digest");
  const std::string_view digest_of_key = head.substr(112, 20);
  for (size_t number = 0; number < kSlots; ++number) {
    const std::string_view slot = head.substr(kFirstSlot + number * kSlotBytes, kSlotBytes);
    if (big_endian(slot.substr(0, 4)) != kIsUsed) continue;
    std::string key = TRY(open_slot(head, slot, secret));
    if (equals_constant_time(stretch(key, head.substr(132, 32), iterations, digest_of_key.size()), digest_of_key)) {
      return key;
    }
  }
  return fail(VolumeErrorCode::command, "the secret doesn't open the encrypted disk");
}

struct SectorCipher::State {
  std::string key;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
};

SectorCipher::SectorCipher(std::string_view key) : state_(std::make_unique<State>()) {
  state_->key = key;
  if (state_->context == nullptr) throw std::bad_alloc();
  if (key.size() != kKeyBytes) throw std::logic_error("a key of sectors has 64 bytes");
}
SectorCipher::~SectorCipher() { EVP_CIPHER_CTX_free(state_->context); }

void SectorCipher::decrypt(uint64_t place, std::span<char> sectors) { run(place, sectors, false); }
void SectorCipher::encrypt(uint64_t place, std::span<char> sectors) { run(place, sectors, true); }

void SectorCipher::run(uint64_t place, std::span<char> sectors, bool encrypts) {
  const auto* const key = reinterpret_cast<const unsigned char*>(state_->key.data());
  const int direction = encrypts ? 1 : 0;
  bool good = EVP_CipherInit_ex(state_->context, EVP_aes_256_xts(), nullptr, key, nullptr, direction) == 1;
  for (size_t at = 0; good && at < sectors.size(); at += kSectorBytes) {
    const uint64_t number = (place + at) / kSectorBytes;
    std::array<unsigned char, 16> tweak{};
    for (size_t byte = 0; byte < 8; ++byte) tweak[byte] = static_cast<unsigned char>(number >> (8 * byte) & 0xFF);
    auto* const bytes = reinterpret_cast<unsigned char*>(sectors.data() + at);
    int length = 0;
    good = EVP_CipherInit_ex(state_->context, nullptr, nullptr, nullptr, tweak.data(), direction) == 1 &&
           EVP_CipherUpdate(state_->context, bytes, &length, bytes, static_cast<int>(kSectorBytes)) == 1;
  }
  if (!good) throw std::runtime_error("AES-256-XTS failed");
}

}  // namespace aerolith::blocks
