// SPDX-License-Identifier: Apache-2.0
//
// Digests as hexadecimal text; libcrypto computes them.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "runtime/expr/row_function.h"

namespace thalweg::runtime {
namespace {

StatusOr<bool> AppendDigest(std::string& out, const char* algorithm, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  if (EVP_Q_digest(nullptr,
                   algorithm,
                   nullptr,
                   bytes.data() == nullptr ? "" : bytes.data(),
                   bytes.size(),
                   digest.data(),
                   &size) != 1) {
    return InvalidArgument(std::string("This machine's libcrypto refuses ") + algorithm);
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < size; ++i) {
    out.push_back(kDigits[digest[i] >> 4U]);
    out.push_back(kDigits[digest[i] & 15U]);
  }
  return true;
}

struct Md5 {
  static constexpr const char* kName = "MD5";
};
struct Sha1 {
  static constexpr const char* kName = "SHA1";
};
struct Sha224 {
  static constexpr const char* kName = "SHA224";
};
struct Sha256 {
  static constexpr const char* kName = "SHA256";
};
struct Sha384 {
  static constexpr const char* kName = "SHA384";
};
struct Sha512 {
  static constexpr const char* kName = "SHA512";
};

template <class Algorithm>
StatusOr<bool> TextDigest(std::string& out, std::string_view text) {
  return AppendDigest(out, Algorithm::kName, text);
}
template <class Algorithm>
StatusOr<bool> BytesDigest(std::string& out, Bytes bytes) {
  return AppendDigest(out, Algorithm::kName, bytes.view);
}

StatusOr<bool> Sha2(std::string& out, std::string_view text, std::int64_t bits) {
  switch (bits) {
    case 224:
      return AppendDigest(out, Sha224::kName, text);
    case 256:
      return AppendDigest(out, Sha256::kName, text);
    case 384:
      return AppendDigest(out, Sha384::kName, text);
    case 512:
      return AppendDigest(out, Sha512::kName, text);
    default:
      return InvalidArgument("SHA2 has 224, 256, 384 or 512 bits");
  }
}

template <class Algorithm>
constexpr ScalarFunction Digest(std::string_view name,
                                std::string_view signature,
                                std::string_view documentation) {
  return RowFunction<TextDigest<Algorithm>, BytesDigest<Algorithm>>(name, signature, documentation);
}

}  // namespace

std::span<const ScalarFunction> DigestFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      Digest<Md5>("MD5", "MD5(text)", "The MD5 digest, 32 hexadecimal digits."),
      Digest<Sha1>("SHA1", "SHA1(text)", "The SHA-1 digest, 40 hexadecimal digits."),
      Digest<Sha224>("SHA224", "SHA224(text)", "The SHA-224 digest, 56 hexadecimal digits."),
      Digest<Sha256>("SHA256", "SHA256(text)", "The SHA-256 digest, 64 hexadecimal digits."),
      Digest<Sha384>("SHA384", "SHA384(text)", "The SHA-384 digest, 96 hexadecimal digits."),
      Digest<Sha512>("SHA512", "SHA512(text)", "The SHA-512 digest, 128 hexadecimal digits."),
      RowFunction<Sha2>(
          "SHA2", "SHA2(text, bits)", "The SHA-2 digest of 224, 256, 384 or 512 bits."),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
